import { describe, expect, it } from "vitest";
import type { PermissionDetails } from "../../../api/roles";
import { byArea, givable, obstacleOf } from "./choice";

describe("the permissions of a new API key (U511, D29)", () => {
  it("are only those that the person holds", () => {
    expect(obstacleOf("roles.manage", ["members.read"], false)).toBe("not-held");
    expect(obstacleOf("members.read", ["members.read"], false)).toBeUndefined();
  });

  it("are those about conversations once the key is limited to an environment", () => {
    const held = ["members.read", "conversations.read"] as const;
    expect(obstacleOf("members.read", held, true)).toBe("not-in-environment");
    expect(obstacleOf("conversations.reply", held, true)).toBe("not-held");
    expect(givable(["members.read", "conversations.read"], held, true)).toEqual(["conversations.read"]);
    expect(givable(["members.read", "conversations.read"], held, false)).toEqual([
      "members.read",
      "conversations.read",
    ]);
  });

  it("stand together by what they are about, in the order of the catalogue", () => {
    const of = (key: PermissionDetails["key"], area: PermissionDetails["area"]) => ({
      key,
      area,
      label: key,
      description: "",
    });
    const areas = byArea([of("members.read", "team"), of("audit.read", "account"), of("roles.manage", "team")]);
    expect(areas.map(({ area, permissions }) => [area, permissions.length])).toEqual([
      ["team", 2],
      ["account", 1],
    ]);
  });
});
