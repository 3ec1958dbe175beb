import { expect, it } from "vitest";
import { readParts } from "./attachments";

const MEGABYTES = 1024 * 1024;

it("reads a long file part by part, up to its end", async () => {
  const asked: string[] = [];
  const file = await readParts(async (range) => {
    asked.push(range);
    const start = Number(/\d+/.exec(range)?.[0]);
    const size = 9 * MEGABYTES;
    const end = Math.min(start + 4 * MEGABYTES, size);
    return { data: new Blob(["x".repeat(end - start)]), range: `bytes ${start}-${end - 1}/${size}` };
  }, "video/mp4");
  expect(file.size).toBe(9 * MEGABYTES);
  expect(file.type).toBe("video/mp4");
  expect(asked).toEqual(["bytes=0-4194303", "bytes=4194304-8388607", "bytes=8388608-12582911"]);
});

it("takes an answer without a range, or without progress, for the whole file", async () => {
  const read = (range: string | null) => readParts(async () => ({ data: new Blob(["abc"]), range }), "");
  expect((await read(null)).size).toBe(3);
  expect((await read("bytes 0-2/*")).size).toBe(3);
  expect((await read("bytes 0--1/9")).size).toBe(3);
});
