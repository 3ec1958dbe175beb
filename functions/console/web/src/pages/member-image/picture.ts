import { image as texts } from "../../texts/en/image";

/** Width and height of a picture as it is stored, in pixels. */
export const SIDE = 256;
/** Largest file that the API takes, in bytes. */
export const STORED_MAX = 100 * 1024;
/** Largest file that is read here, in bytes. */
const READ_MAX = 10 * 1024 * 1024;
export const TYPES = ["image/png", "image/jpeg", "image/webp"] as const;
/** From the best on, until the file is small enough. */
const QUALITIES = [0.92, 0.8, 0.65, 0.5];

/** The message of the rule that a chosen file breaks, by its type and size. */
export function complaintOf({ type, size }: Pick<File, "type" | "size">): string | undefined {
  if (!TYPES.some((known) => known === type)) return texts.typeRule;
  return size > READ_MAX ? texts.sizeRule : undefined;
}

export interface Crop {
  x: number;
  y: number;
  side: number;
}

/** The square of a picture that is kept. `place` says where along its longer side: 0 at the beginning, 1 at the end. */
export function cropOf(width: number, height: number, place: number): Crop {
  const side = Math.min(width, height);
  return { x: Math.round((width - side) * place), y: Math.round((height - side) * place), side };
}

/** Draws the square of a picture on a canvas, in the size in which it is stored. */
export function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap, place: number): void {
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext("2d");
  if (!context) return;
  const { x, y, side } = cropOf(bitmap.width, bitmap.height, place);
  // Transparent parts would turn black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, x, y, side, side, 0, 0, SIDE, SIDE);
}

/** The first of several tries that is small enough. */
export async function firstThatFits(make: (quality: number) => Promise<Blob | null>): Promise<Blob | undefined> {
  for (const quality of QUALITIES) {
    const file = await make(quality);
    if (file && file.size <= STORED_MAX) return file;
  }
  return undefined;
}

/** The file of what a canvas shows. */
export function fileOf(canvas: HTMLCanvasElement): Promise<Blob | undefined> {
  return firstThatFits((quality) => new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality)));
}

/** A file in base64. */
export async function toBase64(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
