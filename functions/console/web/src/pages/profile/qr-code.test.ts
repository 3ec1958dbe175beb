import { expect, it } from "vitest";
import { correctionOf, encodeQrCode, formatBits, pathOf } from "./qr-code";

it("corrects errors as the standard's example does", () => {
  const data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17];
  expect(correctionOf(data, 10)).toEqual([196, 35, 39, 119, 235, 215, 231, 226, 93, 23]);
});

it("tells level M and the mask in the format", () => {
  expect(formatBits(0).toString(2)).toBe("101010000010010");
  expect(formatBits(5).toString(2)).toBe("100000011001110");
});

// A reader was shown this one, and codes of all sizes.
const READ = `
#######...#.#.#...#######
#.....#.#.####....#.....#
#.###.#...##...#..#.###.#
#.###.#...##.#....#.###.#
#.###.#.#..#.#..#.#.###.#
#.....#...#...##..#.....#
#######.#.#.#.#.#.#######
...........##..#.........
#.#.#.#..##.#..#....#..#.
#.#.##....####..####.#..#
...#..####..#.#..#.#..###
#..#...#..#####.#.#.#..#.
##...####.....#####....##
..#.##..#..#..#...##.#..#
#.#..##.#.#..#..###..####
.#####.#..##...#.#.##...#
#..#######..#...######.#.
........#.####..#...#..##
#######..#.##.###.#.#####
#.....#..#..###.#...#..#.
#.###.#.##.#..#.######..#
#.###.#...##..##....#....
#.###.#.#.#..#.##...#.#.#
#.....#....#....#.##...#.
#######.#...#..###.....##`;

it("draws a text as readers read it", () => {
  const rows = encodeQrCode("otpauth://totp/x").map((row) => row.map((isDark) => (isDark ? "#" : ".")).join(""));
  expect(rows.join("\n")).toBe(READ.trim());
});

it.each([
  [14, 1],
  [15, 2],
  [180, 9],
  [181, 10],
  [2331, 40],
])("takes the smallest version that holds %i bytes: %i", (length, version) => {
  expect(encodeQrCode("a".repeat(length))).toHaveLength(17 + 4 * version);
});

it("refuses what no code holds", () => {
  expect(() => encodeQrCode("a".repeat(2332))).toThrow(RangeError);
});

it("draws a path of squares", () => {
  expect(
    pathOf([
      [true, false],
      [false, true],
    ]),
  ).toBe("M0 0h1v1h-1zM1 1h1v1h-1z");
});
