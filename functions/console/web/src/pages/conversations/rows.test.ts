import { describe, expect, it } from "vitest";
import type { Conversation } from "../../api/conversations";
import { arranged } from "./rows";

const row = (id: string, count = 1): Conversation => ({ id, state: "open", connector_id: "c", message_count: count });
const rows = (...ids: string[]) => ids.map((id) => row(id));
const ids = (list: readonly Conversation[]) => list.map(({ id }) => id);

describe("the rows of a list", () => {
  it("are the loaded ones at first, and in an empty list", () => {
    expect(ids(arranged(undefined, rows("a", "b"), true).shown)).toEqual(["a", "b"]);
    expect(ids(arranged([], rows("a"), true).shown)).toEqual(["a"]);
  });

  it("keep their places when others become the latest, with what is known now", () => {
    const { shown, waiting } = arranged(rows("a", "b"), [row("b", 9), row("a")], true);
    expect(ids(shown)).toEqual(["a", "b"]);
    expect(shown[1]?.message_count).toBe(9);
    expect(waiting).toBe(0);
  });

  it("let new ones wait, but take those that come after the last", () => {
    const { shown, waiting } = arranged(rows("a", "b"), rows("n", "a", "b", "z"), true);
    expect(ids(shown)).toEqual(["a", "b", "z"]);
    expect(waiting).toBe(1);
  });

  it("keep one that left the view, and say so once the whole list was read", () => {
    const { shown, left } = arranged(rows("a", "b"), rows("b"), true);
    expect(ids(shown)).toEqual(["a", "b"]);
    expect([...left]).toEqual(["a"]);
    expect(arranged(rows("a", "b"), rows("b"), false).left.size).toBe(0);
  });

  it("let all wait where none of those shown is left", () => {
    const { shown, left, waiting } = arranged(rows("a"), rows("n", "m"), true);
    expect(ids(shown)).toEqual(["a"]);
    expect([...left]).toEqual(["a"]);
    expect(waiting).toBe(2);
  });
});
