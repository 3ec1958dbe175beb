import { describe, expect, it } from "vitest";
import { preferredProject, samePage } from "./preferred-project";

describe("the project that is shown (U103, U110)", () => {
  it("is the last one, or the first where that is gone", () => {
    const projects = [{ id: "a" }, { id: "b" }];
    expect(preferredProject(projects, "b")).toBe("b");
    expect(preferredProject(projects, "gone")).toBe("a");
    expect(preferredProject(projects, null)).toBe("a");
    expect(preferredProject([], "b")).toBeUndefined();
  });

  it("changes without the page, but leaves the records of the one before", () => {
    expect(samePage("/a/1/p/2/connectors", "3")).toBe("/a/1/p/3/connectors");
    expect(samePage("/a/1/p/2/requests/9", "3")).toBe("/a/1/p/3/requests");
    expect(samePage("/a/1/p/2/settings/environments", "3")).toBe("/a/1/p/3/settings/environments");
    expect(samePage("/a/1/p/2", "3")).toBe("/a/1/p/3/requests");
  });
});
