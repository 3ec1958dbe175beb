import { describe, expect, it } from "vitest";
import { compare, flatten, isRefused, nameIn, wordsOf } from "./values";

describe("the values of an audit entry (U513)", () => {
  it("stand side by side, field by field", () => {
    const lines = compare({ name: "Campaigns", extra: 1 }, { name: "Campaign manager", extra: 1 });
    expect(lines).toEqual([
      {
        path: "name",
        before: [{ text: "Campaigns", isOnlyHere: true }],
        after: [{ text: "Campaign manager", isOnlyHere: true }],
        isChanged: true,
      },
      {
        path: "extra",
        before: [{ text: "1", isOnlyHere: false }],
        after: [{ text: "1", isOnlyHere: false }],
        isChanged: false,
      },
    ]);
  });

  it("show which items of a list came and went", () => {
    const [line] = compare({ permissions: ["a", "b"] }, { permissions: ["b", "c"] });
    expect(line?.before?.map(({ text, isOnlyHere }) => [text, isOnlyHere])).toEqual([
      ["a", true],
      ["b", false],
    ]);
    expect(line?.after?.map(({ text, isOnlyHere }) => [text, isOnlyHere])).toEqual([
      ["b", false],
      ["c", true],
    ]);
  });

  it("have one side only where something was made or deleted", () => {
    const [made] = compare(null, { name: "Initech" });
    expect(made?.before).toBeUndefined();
    expect(made?.after).toEqual([{ text: "Initech", isOnlyHere: true }]);
    const [deleted] = compare({ name: "Initech" }, null);
    expect(deleted?.after).toBeUndefined();
    expect(compare(null, null)).toEqual([]);
  });

  it("are reached by their paths, however deep", () => {
    const found = flatten({ rules: { sso_only: true }, endpoints: [{ url: "x" }], none: [] });
    expect([...found]).toEqual([
      ["rules.sso_only", true],
      ["endpoints.0.url", "x"],
      ["none", []],
    ]);
    expect([...flatten("plain")]).toEqual([["", "plain"]]);
  });

  it("are written in words, and never as markup", () => {
    expect(wordsOf(true)).toBe("Yes");
    expect(wordsOf(null)).toBe("(empty)");
    expect(wordsOf("")).toBe("(empty)");
    expect(wordsOf("<b>x</b>")).toBe("<b>x</b>");
    expect(wordsOf("2026-11-22T14:03:00.000Z")).toContain("2026");
    expect(wordsOf("2026-11-22")).toBe("2026-11-22");
  });

  it("name the record", () => {
    expect(nameIn(null, { name: "Old", email: "x@example.com" })).toBe("Old");
    expect(nameIn({ email: "jun@example.com" }, null)).toBe("jun@example.com");
    expect(nameIn(null, "text", { name: 7 })).toBeUndefined();
  });

  it("are marked where the attempt was refused", () => {
    expect(isRefused("call.refused")).toBe(true);
    expect(isRefused("login.sign_in_refused")).toBe(true);
    expect(isRefused("connector.connect_failed")).toBe(false);
  });
});
