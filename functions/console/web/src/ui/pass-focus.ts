const HEADINGS = ":is(h1, h2, h3, legend):not(.visually-hidden, [role=alert] *)";

/**
 * As the `ref` of something that goes away by itself: gives the focus that it holds to the heading before it, so that the next key does not
 * begin at the top of the page.
 */
export function passFocus(shown: HTMLElement | null): (() => void) | undefined {
  if (!shown) return undefined;
  // React takes refs back while the element is still in the page.
  return () => {
    if (!shown.contains(document.activeElement)) return;
    const place = placeBefore(shown);
    if (!place) return;
    place.tabIndex = -1;
    place.focus();
  };
}

/** The last heading in sight before an element, or else the dialog or page that it stands in. */
export function placeBefore(shown: HTMLElement): HTMLElement | undefined {
  const area = shown.closest<HTMLElement>("[role=dialog], [role=alertdialog], main");
  const isBefore = (heading: HTMLElement) =>
    Boolean(shown.compareDocumentPosition(heading) & shown.DOCUMENT_POSITION_PRECEDING) && heading.checkVisibility();
  return [...(area?.querySelectorAll<HTMLElement>(HEADINGS) ?? [])].findLast(isBefore) ?? area ?? undefined;
}
