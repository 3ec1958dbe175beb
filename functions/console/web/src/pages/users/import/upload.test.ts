import { beforeEach, expect, it, vi } from "vitest";

const calls: string[] = [];
let failing = 0;

vi.mock("../../../api/imports", () => ({
  PART_MAX: 4_000_000,
  createImport: async () => {
    calls.push("create");
    return { id: "I1" };
  },
  uploadPart: async (_project: string, id: string, number: number, part: Blob) => {
    if (failing === number) {
      failing = 0;
      throw new Error("the connection broke");
    }
    calls.push(`${id} part ${number}: ${part.size}`);
  },
  startImport: async (_project: string, id: string, body: object) => {
    calls.push(`${id} start ${JSON.stringify(body)}`);
  },
}));

const { goOn, partsOf, upload } = await import("./upload");

beforeEach(() => {
  calls.length = 0;
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("removeEventListener", () => {});
});

it("a file is cut into parts of at most 4 MB that cover it without gaps (U410)", () => {
  expect(partsOf(10, 4)).toEqual([
    { number: 1, start: 0, end: 4 },
    { number: 2, start: 4, end: 8 },
    { number: 3, start: 8, end: 10 },
  ]);
  expect(partsOf(8, 4)).toHaveLength(2);
  expect(partsOf(1)).toEqual([{ number: 1, start: 0, end: 1 }]);
});

it("an upload that breaks goes on at the part that failed, and makes one import (U410)", async () => {
  const file = new File([new Uint8Array(9_000_000)], "users.csv");
  failing = 2;
  await expect(upload("P1", file)).rejects.toThrow("the connection broke");
  expect(await goOn()).toBe("I1");
  expect(calls).toEqual([
    "create",
    "I1 part 1: 4000000",
    "I1 part 2: 4000000",
    "I1 part 3: 1000000",
    'I1 start {"dry_run":true}',
  ]);
});
