/** Id of the row that an element belongs to. */
export function rowOf(element: Element | null): string | undefined {
  return element?.closest<HTMLElement>("[data-request]")?.dataset.request;
}

/** The id in the page of the link that opens a request, which has the focus while its row is the current one. */
export const linkId = (id: string) => `open-${id}`;

/** Milliseconds in which a dialog that closes tries to give the focus back to what may be gone. */
const CLOSING = 120;

function focusNow(id: string | undefined): void {
  const place = id === undefined ? document.querySelector("h1") : document.getElementById(linkId(id));
  place?.focus();
}

/** Moves the focus to a row, or to the heading where there is none; after a dialog that closes. */
export function focusRow(id: string | undefined): void {
  focusNow(id);
  setTimeout(() => {
    if (document.activeElement === document.body) focusNow(id);
  }, CLOSING);
}
