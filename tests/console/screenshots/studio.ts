import type { Page } from "@playwright/test";

/** Most pixels of a sheet, either way. */
const MAX = 2_000;
/** Pixels between two pictures. */
const GAP = 16;
const QUALITY = 0.85;

interface Size {
  width: number;
  height: number;
}

interface Place extends Size {
  x: number;
  y: number;
}

/** An empty page, because the policy of our own lets no image in. */
let studio: Promise<Page> | undefined;

/** Makes one WebP of pictures. A page's own browser draws it: no other program for that is on every machine. */
export async function webpOf(shown: Page, pictures: readonly Buffer[], quality = QUALITY): Promise<Buffer> {
  studio ??= shown.context().browser()?.newPage();
  const page = await studio;
  if (!page) throw new Error("The page belongs to no browser.");
  const given = { ...arranged(pictures.map(sizeOf)), quality, data: pictures.map((one) => one.toString("base64")) };
  const address = await page.evaluate(async ({ data, places, size, quality: wanted }) => {
    const canvas = document.createElement("canvas");
    canvas.width = size.width;
    canvas.height = size.height;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("There is no canvas.");
    context.imageSmoothingQuality = "high";
    context.fillStyle = "#808080";
    context.fillRect(0, 0, size.width, size.height);
    const images = data.map((png) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      return image;
    });
    await Promise.all(images.map((image) => image.decode()));
    for (const [index, { x, y, width, height }] of places.entries()) {
      const image = images[index];
      if (image) context.drawImage(image, x, y, width, height);
    }
    return canvas.toDataURL("image/webp", wanted);
  }, given);
  return Buffer.from(address.split(",")[1] ?? "", "base64");
}

/** The size of a PNG, from its first chunk. */
function sizeOf(png: Buffer): Size {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

/** Pictures side by side, or the first two above each other: whichever makes them larger. */
function arranged(sizes: readonly Size[]): { places: Place[]; size: Size } {
  const row = inColumns(sizes.map((size) => [size]));
  const stack = inColumns([sizes.slice(0, 2), ...sizes.slice(2).map((size) => [size])]);
  return row.scale >= stack.scale ? row : stack;
}

function inColumns(columns: readonly (readonly Size[])[]): { places: Place[]; size: Size; scale: number } {
  const whole = { width: -GAP, height: 0 };
  const places: Place[] = [];
  for (const column of columns) {
    const x = whole.width + GAP;
    let y = 0;
    for (const size of column) {
      places.push({ ...size, x, y });
      y += size.height + GAP;
    }
    whole.width = x + Math.max(...column.map(({ width }) => width));
    whole.height = Math.max(whole.height, y - GAP);
  }
  const scale = Math.min(1, MAX / whole.width, MAX / whole.height);
  const scaled = (pixels: number) => Math.round(pixels * scale);
  return {
    places: places.map(({ x, y, width, height }) => ({
      x: scaled(x),
      y: scaled(y),
      width: scaled(width),
      height: scaled(height),
    })),
    size: { width: scaled(whole.width), height: scaled(whole.height) },
    scale,
  };
}
