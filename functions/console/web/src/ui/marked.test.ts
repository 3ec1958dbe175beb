import { expect, it } from "vitest";
import { partsOf, rangesIn } from "./marked";

const shown = (text: string, ...ranges: [number, number][]) =>
  partsOf(
    text,
    ranges.map(([start, end]) => ({ start, end })),
  ).map(({ words, isMarked }) => (isMarked ? `[${words}]` : words));

it("marks each range and keeps the rest", () => {
  expect(shown("Ada Lovelace", [4, 8], [0, 3])).toEqual(["[Ada]", " ", "[Love]", "lace"]);
  expect(shown("Ada")).toEqual(["Ada"]);
});

it("ranges that overlap or lie outside lose nothing of the text", () => {
  expect(shown("Ada Lovelace", [0, 6], [4, 8]).join("")).toBe("[Ada Lo][ve]lace");
  expect(shown("Ada", [2, 9], [7, 9])).toEqual(["Ad", "[a]"]);
});

it("what a search found is marked in its own field only", () => {
  const matches = [
    { field: "user_name", start: 0, end: 3 },
    { field: "identifier", start: 1, end: 2 },
  ] as const;
  expect(rangesIn({ matches }, "identifier")).toEqual([{ start: 1, end: 2 }]);
  expect(rangesIn({ matches: [] }, "identifier")).toEqual([]);
});
