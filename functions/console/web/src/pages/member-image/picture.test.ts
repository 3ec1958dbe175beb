import { describe, expect, it } from "vitest";
import { complaintOf, cropOf, firstThatFits, toBase64 } from "./picture";

describe("a chosen file", () => {
  it.each(["image/png", "image/jpeg", "image/webp"])("may be of type %s", (type) => {
    expect(complaintOf({ type, size: 5_000_000 })).toBeUndefined();
  });

  it.each(["image/gif", "image/svg+xml", "application/pdf", ""])("may not be of type “%s”", (type) => {
    expect(complaintOf({ type, size: 100 })).toMatch(/PNG, JPEG or WebP/);
  });

  it("may not be larger than 10 MB", () => {
    expect(complaintOf({ type: "image/png", size: 10 * 1024 * 1024 })).toBeUndefined();
    expect(complaintOf({ type: "image/png", size: 10 * 1024 * 1024 + 1 })).toMatch(/10 MB/);
  });
});

describe("the square of a picture", () => {
  it.each([
    ["a wide one, in the middle", [800, 600, 0.5], { x: 100, y: 0, side: 600 }],
    ["a wide one, at the left", [800, 600, 0], { x: 0, y: 0, side: 600 }],
    ["a high one, at the bottom", [600, 800, 1], { x: 0, y: 200, side: 600 }],
    ["a square one", [256, 256, 0.3], { x: 0, y: 0, side: 256 }],
  ] as const)("of %s", (_, [width, height, place], crop) => {
    expect(cropOf(width, height, place)).toEqual(crop);
  });
});

describe("the stored file", () => {
  const sized = (size: number) => new Blob([new Uint8Array(size)]);

  it("has the best quality that is at most 100 KiB", async () => {
    const tried: number[] = [];
    const file = await firstThatFits(async (quality) => {
      tried.push(quality);
      return sized(quality > 0.7 ? 102_401 : 102_400);
    });
    expect(file?.size).toBe(102_400);
    expect(tried).toEqual([0.92, 0.8, 0.65]);
  });

  it("is none where every quality is too large, or the browser makes none", async () => {
    expect(await firstThatFits(async () => sized(102_401))).toBeUndefined();
    expect(await firstThatFits(async () => null)).toBeUndefined();
  });

  it("is sent in base64 with padding", async () => {
    expect(await toBase64(new Blob([new Uint8Array([255, 216, 255, 0])]))).toBe("/9j/AA==");
  });
});
