import type { Locator } from "@playwright/test";

/** Red, green and blue of the words of an element. */
export function colourOf(words: Locator): Promise<number[]> {
  return words.evaluate((element) => getComputedStyle(element).color.match(/\d+/g)?.map(Number) ?? []);
}
