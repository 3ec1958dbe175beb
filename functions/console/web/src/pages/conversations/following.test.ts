import { describe, expect, it } from "vitest";
import { followsAfter } from "./following";

const placeAt = (scrollTop: number, scrollHeight = 1000) => ({ scrollTop, scrollHeight, clientHeight: 400 });

describe("followsAfter", () => {
  it("follows at the end, wherever one comes from", () => {
    expect(followsAfter(placeAt(600), 600, true)).toBe(true);
    expect(followsAfter(placeAt(550), 200, false)).toBe(true);
  });

  it("goes on where content came between a jump to the end and its event", () => {
    expect(followsAfter(placeAt(600, 1300), 600, true)).toBe(true);
  });

  it("ends where the reader scrolls up", () => {
    expect(followsAfter(placeAt(500), 600, true)).toBe(false);
    expect(followsAfter(placeAt(599, 1300), 600, true)).toBe(false);
  });

  it("begins again only at the end", () => {
    expect(followsAfter(placeAt(400), 200, false)).toBe(false);
  });
});
