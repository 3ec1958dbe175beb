import type { Page } from "@playwright/test";

// biome-ignore lint/suspicious/noExplicitAny: rows of any list
type AnyRow = any;

/**
 * Lets a list have this many rows, page by page, each made after the first that the stack has. To write them all would take minutes, and
 * the lists only show what the API answers.
 */
export async function multiply(
  page: Page,
  path: string,
  total: number,
  vary: (row: AnyRow, number: number) => AnyRow,
): Promise<void> {
  await page.route(
    ({ pathname }) => pathname === path,
    async (route) => {
      if (route.request().method() !== "GET") return route.fallback();
      const url = new URL(route.request().url());
      const first = Number(url.searchParams.get("cursor") ?? 0);
      const limit = Number(url.searchParams.get("limit") ?? 50);
      url.searchParams.delete("cursor");
      const { items, ...rest } = await (await route.fetch({ url: url.href })).json();
      if (items.length === 0) return route.fulfill({ json: { ...rest, items } });
      const count = Math.min(limit, total - first);
      const rows = Array.from({ length: count }, (_, index) => {
        const number = first + index + 1;
        const id = items[0].id.slice(0, -4) + String(number).padStart(4, "0");
        // Nobody has pictures of people whom the stack does not know.
        const picture = "avatar_url" in items[0] ? { avatar_url: null } : {};
        return vary({ ...items[0], ...picture, id }, number);
      });
      const next = first + count;
      await route.fulfill({ json: { ...rest, items: rows, next_cursor: next < total ? String(next) : null } });
    },
  );
}

/** Shows a list to its end. */
export async function showAll(page: Page, rows: string, total: number): Promise<void> {
  for (let shown = 50; shown < total; shown += 50) {
    await page.getByRole("button", { name: "Show more" }).click();
    await page.waitForFunction(([selector, least]) => document.querySelectorAll(selector).length >= least, [
      rows,
      Math.min(shown + 50, total),
    ] as const);
  }
}
