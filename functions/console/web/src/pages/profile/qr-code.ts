/**
 * QR codes (ISO/IEC 18004) of texts: bytes at error correction level M, the smallest version that holds them.
 * Rows of modules from top to bottom; true is dark.
 */
export type QrCode = readonly (readonly boolean[])[];

/** Bytes of error correction in a block, and blocks, by version from 1 on, both for level M. */
const CORRECTION_OF_BLOCK = [
  10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
];
const BLOCKS = [
  1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35,
  37, 38, 40, 43, 45, 47, 49,
];
/** Level M in the bits of the format. */
const LEVEL_BITS = 0;
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

export function encodeQrCode(text: string): QrCode {
  const bytes = new TextEncoder().encode(text);
  const version = versionFor(bytes.length);
  const words = withCorrection(dataWords(bytes, version), version);
  const drawn = MASKS.map((_, mask) => draw(words, version, mask));
  const penalties = drawn.map(penaltyOf);
  return drawn[penalties.indexOf(Math.min(...penalties))] ?? [];
}

/** An SVG path of the dark modules, one unit each. */
export function pathOf(code: QrCode): string {
  return code.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
}

// ---------------------------------------------------------------- Data

/** Modules of a version that hold data and error correction. */
function modulesOf(version: number): number {
  const aligned = Math.floor(version / 7) + 2;
  const alignment = version === 1 ? 0 : (25 * aligned - 10) * aligned - 55;
  return (16 * version + 128) * version + 64 - alignment - (version >= 7 ? 36 : 0);
}

function capacityOf(version: number): number {
  return Math.floor(modulesOf(version) / 8) - at(CORRECTION_OF_BLOCK, version - 1) * at(BLOCKS, version - 1);
}

function lengthBits(version: number): number {
  return version < 10 ? 8 : 16;
}

function versionFor(length: number): number {
  for (let version = 1; version <= BLOCKS.length; version += 1) {
    if (4 + lengthBits(version) + 8 * length <= 8 * capacityOf(version)) return version;
  }
  throw new RangeError("The text is too long for a QR code");
}

function dataWords(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const add = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >>> bit) & 1);
  };
  add(0b0100, 4);
  add(bytes.length, lengthBits(version));
  for (const byte of bytes) add(byte, 8);
  const capacity = capacityOf(version);
  add(0, Math.min(4, 8 * capacity - bits.length));
  add(0, (8 - (bits.length % 8)) % 8);
  const words: number[] = [];
  for (let start = 0; start < bits.length; start += 8) {
    words.push(bits.slice(start, start + 8).reduce((word, bit) => (word << 1) | bit, 0));
  }
  for (let filler = 0xec; words.length < capacity; filler ^= 0xec ^ 0x11) words.push(filler);
  return words;
}

/** Splits the data into blocks, adds error correction to each, and interleaves them. */
function withCorrection(data: readonly number[], version: number): number[] {
  const blocks = at(BLOCKS, version - 1);
  const correction = at(CORRECTION_OF_BLOCK, version - 1);
  const short = Math.floor(data.length / blocks);
  const longFrom = blocks - (data.length % blocks);
  const parts: number[][] = [];
  const corrections: number[][] = [];
  let start = 0;
  for (let block = 0; block < blocks; block += 1) {
    const end = start + short + (block >= longFrom ? 1 : 0);
    parts.push(data.slice(start, end));
    corrections.push(correctionOf(data.slice(start, end), correction));
    start = end;
  }
  const interleaved = (rows: number[][], length: number) =>
    Array.from({ length }, (_, index) => rows.flatMap((row) => row[index] ?? [])).flat();
  return [...interleaved(parts, short + 1), ...interleaved(corrections, correction)];
}

/** Product in the field of 256 elements with the polynomial 0x11d. */
function multiply(one: number, other: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    product ^= ((other >>> bit) & 1) * one;
  }
  return product;
}

function generatorOf(degree: number): number[] {
  const generator = new Array<number>(degree).fill(0);
  generator[degree - 1] = 1;
  let root = 1;
  for (let step = 0; step < degree; step += 1) {
    for (let index = 0; index < degree; index += 1) {
      generator[index] = multiply(at(generator, index), root) ^ (generator[index + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return generator;
}

/** The Reed–Solomon words that follow a block. */
export function correctionOf(data: readonly number[], count: number): number[] {
  const divisor = generatorOf(count);
  let remainder = divisor.map(() => 0);
  for (const word of data) {
    const factor = word ^ at(remainder, 0);
    remainder = [...remainder.slice(1), 0].map((value, index) => value ^ multiply(at(divisor, index), factor));
  }
  return remainder;
}

// ---------------------------------------------------------------- Modules

function draw(words: readonly number[], version: number, mask: number): boolean[][] {
  const size = 17 + 4 * version;
  const dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  const isFixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  const set = (x: number, y: number, isDark: boolean) => {
    const [row, fixed] = [dark[y], isFixed[y]];
    if (!row || !fixed || x < 0 || x >= size) return;
    row[x] = isDark;
    fixed[x] = true;
  };
  for (let index = 0; index < size; index += 1) {
    set(6, index, index % 2 === 0);
    set(index, 6, index % 2 === 0);
  }
  const square = (left: number, top: number, radius: number, lightAt: readonly number[]) => {
    for (let dy = -radius; dy <= radius; dy += 1) {
      for (let dx = -radius; dx <= radius; dx += 1) {
        set(left + dx, top + dy, !lightAt.includes(Math.max(Math.abs(dx), Math.abs(dy))));
      }
    }
  };
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const) {
    square(x, y, 4, [2, 4]);
  }
  const places = alignmentOf(version, size);
  const last = places.length - 1;
  places.forEach((y, row) => {
    places.forEach((x, column) => {
      const isFinder = (row === 0 && (column === 0 || column === last)) || (row === last && column === 0);
      if (!isFinder) square(x, y, 2, [1]);
    });
  });
  drawFormat(set, size, mask);
  drawVersion(set, size, version);
  drawWords(words, dark, isFixed, mask);
  return dark;
}

function alignmentOf(version: number, size: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.floor((version * 8 + count * 3 + 5) / (count * 4 - 4)) * 2;
  const rest = Array.from({ length: count - 1 }, (_, index) => size - 7 - index * step);
  return [6, ...rest.reverse()];
}

type Set = (x: number, y: number, isDark: boolean) => void;

/** Appends the remainder of a division by a generator, both as bits. */
function withRemainder(value: number, generator: number, degree: number): number {
  let rest = value;
  for (let bit = 0; bit < degree; bit += 1) rest = (rest << 1) ^ ((rest >>> (degree - 1)) * generator);
  return (value << degree) | rest;
}

/** The fifteen bits that tell level and mask. */
export function formatBits(mask: number): number {
  return withRemainder((LEVEL_BITS << 3) | mask, 0x537, 10) ^ 0x5412;
}

function drawFormat(set: Set, size: number, mask: number): void {
  const bits = formatBits(mask);
  const isSet = (bit: number) => ((bits >>> bit) & 1) === 1;
  for (let bit = 0; bit < 15; bit += 1) {
    // Around the finder at the top left, past the line of timing.
    if (bit < 8) set(8, bit < 6 ? bit : bit + 1, isSet(bit));
    else set(bit === 8 ? 7 : 14 - bit, 8, isSet(bit));
    if (bit < 8) set(size - 1 - bit, 8, isSet(bit));
    else set(8, size - 15 + bit, isSet(bit));
  }
  set(8, size - 8, true);
}

function drawVersion(set: Set, size: number, version: number): void {
  if (version < 7) return;
  const bits = withRemainder(version, 0x1f25, 12);
  for (let bit = 0; bit < 18; bit += 1) {
    const isDark = ((bits >>> bit) & 1) === 1;
    const [near, far] = [Math.floor(bit / 3), size - 11 + (bit % 3)];
    set(far, near, isDark);
    set(near, far, isDark);
  }
}

/** Draws the words in columns of two, from the right, up and down in turn. */
function drawWords(words: readonly number[], dark: boolean[][], isFixed: readonly boolean[][], mask: number): void {
  const size = dark.length;
  const isMasked = at(MASKS, mask);
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const isUp = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const y = isUp ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        const row = dark[y];
        if (!row || isFixed[y]?.[x]) continue;
        const isOne = (((words[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1) === 1;
        row[x] = isOne !== isMasked(x, y);
        bit += 1;
      }
    }
  }
}

/** Penalty of a code that is hard to read, by the rules of the standard. */
function penaltyOf(code: QrCode): number {
  const size = code.length;
  const columns = code.map((_, x) => code.map((row) => row[x] ?? false));
  let penalty = 0;
  for (const line of [...code, ...columns]) {
    const text = line.map((isDark) => (isDark ? "1" : "0")).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2;
    penalty += 40 * (text.match(/(?=10111010000|00001011101)/g)?.length ?? 0);
  }
  let darkModules = 0;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const isDark = code[y]?.[x];
      if (isDark) darkModules += 1;
      const isBlock = isDark === code[y]?.[x + 1] && isDark === code[y + 1]?.[x] && isDark === code[y + 1]?.[x + 1];
      if (isBlock) penalty += 3;
    }
  }
  return penalty + 10 * Math.floor(Math.abs((darkModules * 20) / (size * size) - 10));
}

/** An element that is known to be there. */
function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no element ${index}`);
  return item;
}
