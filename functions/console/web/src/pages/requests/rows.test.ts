import { describe, expect, it } from "vitest";
import type { AccessRequest } from "../../api/access-requests";
import { change, missingRows, NO_ROWS, type Rows, range, shownRows, successor } from "./rows";

const request = (id: string, more: Partial<AccessRequest> = {}) =>
  ({ id, status: "pending", ...more }) as AccessRequest;
const requests = (...ids: string[]) => ids.map((id) => request(id));
const shown = (rows: Rows) => shownRows(rows)?.map(({ id }) => id);
const begun = change(NO_ROWS, { kind: "read", loaded: requests("a", "b", "c"), takes: true });

describe("the rows of the list (U124)", () => {
  it("are those that were read, and more on demand", () => {
    expect(shown(NO_ROWS)).toBeUndefined();
    expect(shown(begun)).toEqual(["a", "b", "c"]);
    const more = change(begun, { kind: "read", loaded: requests("a", "b", "c", "d"), takes: true });
    expect(shown(more)).toEqual(["a", "b", "c", "d"]);
  });

  it("never move by what is read meanwhile: new ones wait until they are asked for", () => {
    const polled = change(begun, { kind: "read", loaded: requests("y", "z", "a", "b", "c"), takes: false });
    expect(shown(polled)).toEqual(["a", "b", "c"]);
    expect(polled.waiting).toEqual(["y", "z"]);
    expect(shown(change(polled, { kind: "show", atEnd: true }))).toEqual(["a", "b", "c", "y", "z"]);
    const asked = change(polled, { kind: "show", atEnd: false });
    expect(shown(asked)).toEqual(["y", "z", "a", "b", "c"]);
    expect(asked.waiting).toEqual([]);
  });

  it("change in their places", () => {
    const loaded = [request("a"), request("b", { message_count: 7 }), request("c")];
    const polled = change(begun, { kind: "read", loaded, takes: false });
    expect(shownRows(polled)?.[1]?.message_count).toBe(7);
  });

  it("come at once where there is none, as nothing can move", () => {
    const none = change(NO_ROWS, { kind: "read", loaded: [], takes: true });
    expect(shown(none)).toEqual([]);
    expect(shown(change(none, { kind: "read", loaded: requests("a"), takes: false }))).toEqual(["a"]);
  });

  it("do not come back by an answer that was under way when they were decided", () => {
    const decided = change(begun, { kind: "remove", ids: ["b"] });
    expect(shown(decided)).toEqual(["a", "c"]);
    const late = change(decided, { kind: "read", loaded: requests("a", "b", "c"), takes: false });
    expect(shown(late)).toEqual(["a", "c"]);
    expect(late.waiting).toEqual([]);
  });

  it("are noticed when somebody else decided them, and say so until they go (U211)", () => {
    expect(missingRows(begun, requests("a", "c"))).toEqual(["b"]);
    const left = change(begun, { kind: "leave", id: "b", why: "Approved by Ana at 14:03" });
    expect(shown(left)).toEqual(["a", "b", "c"]);
    expect(left.leaving.get("b")).toBe("Approved by Ana at 14:03");
    expect(missingRows(left, requests("a", "c"))).toEqual([]);
    expect(change(left, { kind: "remove", ids: ["b"] }).leaving.size).toBe(0);
  });

  it("pass the focus on to the next one that stays, or to the one before (U206, U153)", () => {
    expect(successor(["a", "b", "c"], new Set(["a"]), "a")).toBe("b");
    expect(successor(["a", "b", "c"], new Set(["a", "b"]), "a")).toBe("c");
    expect(successor(["a", "b", "c"], new Set(["c"]), "c")).toBe("b");
    expect(successor(["a"], new Set(["a"]), "a")).toBeUndefined();
  });

  it("are selected from one to another (U150)", () => {
    expect(range(["a", "b", "c", "d"], "b", "d")).toEqual(["b", "c", "d"]);
    expect(range(["a", "b", "c", "d"], "c", "a")).toEqual(["a", "b", "c"]);
    expect(range(["a", "b"], undefined, "b")).toEqual(["b"]);
    expect(range(["a", "b"], "gone", "b")).toEqual(["b"]);
  });
});
