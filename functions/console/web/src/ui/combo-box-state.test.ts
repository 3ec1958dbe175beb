import { describe, expect, it } from "vitest";
import { CLOSED, fieldText, matching, stepped, typedText, valueOnLeaving } from "./combo-box-state";

const PEOPLE = [
  { value: "ana", label: "Ana Sousa" },
  { value: "dai", label: "Dai Nguyễn" },
  { value: "eman", label: "إيمان الحسن" },
];

describe("a combo box", () => {
  it("shows the label of its value, also one that comes while the field has the focus", () => {
    const open = { isOpen: true };
    expect(fieldText(open, "ana", [])).toBe("ana");
    expect(fieldText(open, "ana", PEOPLE)).toBe("Ana Sousa");
    expect(fieldText(CLOSED, "", PEOPLE)).toBe("");
  });

  it("shows what is typed instead", () => {
    expect(fieldText(typedText(PEOPLE, "d"), "ana", PEOPLE)).toBe("d");
    expect(fieldText(typedText(PEOPLE, ""), "ana", PEOPLE)).toBe("");
  });

  it("offers everything until something is typed, then what contains it, without case and accents", () => {
    expect(matching(PEOPLE, undefined)).toEqual(PEOPLE);
    expect(matching(PEOPLE, "NGUYEN").map(({ value }) => value)).toEqual(["dai"]);
    expect(matching(PEOPLE, " الحسن ").map(({ value }) => value)).toEqual(["eman"]);
    expect(matching(PEOPLE, "zzz")).toEqual([]);
  });

  it("makes the first match the one that Enter takes, and none of an empty text", () => {
    expect(typedText(PEOPLE, "i").active).toBe("dai");
    expect(typedText(PEOPLE, "").active).toBeUndefined();
  });

  it("opens at its value by an arrow key, then moves, and begins again at the other end", () => {
    const opened = stepped(CLOSED, "dai", PEOPLE, 1);
    expect(opened).toEqual({ isOpen: true, active: "dai" });
    expect(stepped(opened, "dai", PEOPLE, 1).active).toBe("eman");
    expect(stepped({ ...opened, active: "eman" }, "dai", PEOPLE, 1).active).toBe("ana");
    expect(stepped({ ...opened, active: "ana" }, "dai", PEOPLE, -1).active).toBe("eman");
    expect(stepped(CLOSED, "", PEOPLE, 1).active).toBe("ana");
    expect(stepped(CLOSED, "", PEOPLE, -1).active).toBe("eman");
    expect(stepped(typedText(PEOPLE, "zzz"), "", PEOPLE, 1).active).toBeUndefined();
  });

  it("keeps its value when it is left, unless the text was emptied or is another option's label", () => {
    expect(valueOnLeaving(CLOSED, "ana", PEOPLE)).toBe("ana");
    expect(valueOnLeaving(typedText(PEOPLE, "dai"), "ana", PEOPLE)).toBe("ana");
    expect(valueOnLeaving(typedText(PEOPLE, "dai nguyen"), "ana", PEOPLE)).toBe("dai");
    expect(valueOnLeaving(typedText(PEOPLE, " "), "ana", PEOPLE)).toBe("");
  });
});
