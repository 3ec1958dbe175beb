import { describe, expect, it } from "vitest";
import type { AccessRequest } from "../../api/access-requests";
import { cooldownWords, decisionBody, initialValues } from "./decision";
import { directoryBody, initialDirectory } from "./directory";
import { noteRule } from "./note";

const request = (suggested_end_user: AccessRequest["suggested_end_user"]) => ({ suggested_end_user }) as AccessRequest;

describe("a decision (U206, U207, B38)", () => {
  it("begins with the user who has the same number, and only suggests one with the same address", () => {
    const ada = { id: "u1", display_name: "Ada Lovelace" };
    expect(initialValues(request({ ...ada, reason: "same_phone" }), true)).toMatchObject({
      directory: "add_to_existing",
      endUser: "u1",
    });
    expect(initialValues(request({ ...ada, reason: "same_email" }), true)).toMatchObject({ directory: "create_new" });
    expect(initialValues(request(null), true)).toEqual({ note: "", directory: "create_new", endUser: "" });
  });

  it("leaves the user with the same number to the API for those who may not link", () => {
    const suggested = { id: "u1", display_name: "Ada Lovelace", reason: "same_phone" };
    const values = initialValues(request(suggested), false);
    expect(values).toEqual({ note: "", directory: "by_number", endUser: "" });
    expect(decisionBody("approve", values, false)).toEqual({ note: null });
  });

  it("of a person whose number nobody looked up begins with what the API finds by it", () => {
    expect(directoryBody(initialDirectory(undefined, true))).toEqual({});
  });

  it("says what the API is to do about the directory, and nothing where that is settled", () => {
    const values = { note: " a colleague ", directory: "add_to_existing", endUser: "u1" } as const;
    expect(decisionBody("approve", values, false)).toEqual({
      note: "a colleague",
      directory: { action: "add_to_existing", end_user_id: "u1" },
    });
    expect(decisionBody("approve", { ...values, note: "", directory: "none" }, false)).toEqual({
      note: null,
      directory: { action: "none" },
    });
    expect(decisionBody("approve", values, true)).toEqual({ note: "a colleague" });
    expect(decisionBody("reject", values, false)).toEqual({ note: "a colleague" });
  });

  it("takes a note of 4,000 characters and no more", () => {
    expect(noteRule("x".repeat(4_000))).toBeUndefined();
    expect(noteRule("🦊".repeat(4_000))).toBeUndefined();
    expect(noteRule("x".repeat(4_001))).toBe("Use at most 4,000 characters");
  });

  it("says when a new request is possible", () => {
    expect(cooldownWords(86_400)).toBe("If they write again, a new request is possible in 24 hours.");
    expect(cooldownWords(7 * 86_400)).toBe("If they write again, a new request is possible in 7 days.");
    expect(cooldownWords(3_600)).toContain("1 hour.");
    expect(cooldownWords(0)).toBe("If they write again, they make a new request at once.");
    expect(cooldownWords(undefined)).toBe("If they write again, that may bring a new request.");
  });
});
