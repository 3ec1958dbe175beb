import { describe, expect, it } from "vitest";
import { CREATE, cleaned, firstActive, nextActive, offered } from "./tag-box-state";

const TEAMS = [
  { value: "n", label: "Night shift" },
  { value: "s", label: "Sales" },
  { value: "ü", label: "Übersetzung" },
];
const create = (typed: string) => `Create “${typed}”`;
const values = (typed: string, chosen: string[] = []) =>
  offered(TEAMS, chosen, typed, create).map(({ value }) => value);

describe("a box of tags", () => {
  it("offers what is not chosen yet and contains the typed text", () => {
    expect(values("", ["s"])).toEqual(["n", "ü"]);
    expect(values("SHIFT")[0]).toBe("n");
  });

  it("offers to create what nothing is called like, as the last option", () => {
    expect(offered(TEAMS, [], "  night  crew ", create).at(-1)).toEqual({
      value: CREATE,
      label: "Create “night crew”",
    });
    expect(values("shift").at(-1)).toBe(CREATE);
    expect(values("uber").at(-1)).toBe(CREATE);
  });

  it("takes equal names ignoring case for the existing entry, also for one that is chosen", () => {
    expect(values("NIGHT SHIFT")).toEqual(["n"]);
    expect(values("night shift", ["n"])).toEqual([]);
  });

  it("creates nothing where that is not allowed", () => {
    expect(offered(TEAMS, [], "Day", undefined)).toEqual([]);
  });

  it("lets Enter take the option of this name, or else the first one, and none of an empty text", () => {
    const shown = [{ value: "a", label: "Sales abroad" }, ...TEAMS];
    expect(firstActive(shown, "sales")).toBe("s");
    expect(firstActive(shown, "sal")).toBe("a");
    expect(firstActive(shown, " ")).toBeUndefined();
    expect(firstActive([], "sal")).toBeUndefined();
  });

  it("moves from option to option and on from the last to the first", () => {
    expect(nextActive(TEAMS, undefined, 1)).toBe("n");
    expect(nextActive(TEAMS, "ü", 1)).toBe("n");
    expect(nextActive(TEAMS, undefined, -1)).toBe("ü");
    expect(nextActive([], undefined, 1)).toBeUndefined();
  });

  it("keeps a typed entry without needless space", () => {
    expect(cleaned("  Night \t shift ")).toBe("Night shift");
  });
});
