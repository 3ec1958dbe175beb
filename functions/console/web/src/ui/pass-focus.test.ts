import { afterEach, expect, test, vi } from "vitest";
import { passFocus } from "./pass-focus";

const PRECEDING = 2;
const FOLLOWING = 4;

interface Place {
  position: number;
  isInSight: boolean;
}

function place(position: number, isInSight = true) {
  return { position, isInSight, tabIndex: 0, focus: vi.fn(), checkVisibility: () => isInSight };
}

/** Something that goes away, with the headings of the page around it, and the page. */
function pageWith(...headings: Place[]) {
  const page = { ...place(0), querySelectorAll: () => headings };
  const button = {};
  const shown = {
    DOCUMENT_POSITION_PRECEDING: PRECEDING,
    contains: (element: unknown) => element === button,
    closest: () => page,
    compareDocumentPosition: ({ position }: Place) => position,
  };
  return { page, button, goes: passFocus(shown as unknown as HTMLElement) };
}

const focused = (element: unknown) => vi.stubGlobal("document", { activeElement: element });

afterEach(() => vi.unstubAllGlobals());

test("The focus goes to the last heading in sight before what went away", () => {
  const [title, part, folded, next] = [place(PRECEDING), place(PRECEDING), place(PRECEDING, false), place(FOLLOWING)];
  const { page, button, goes } = pageWith(title, part, folded, next);
  focused(button);
  goes?.();
  expect(part.focus).toHaveBeenCalledOnce();
  expect(part.tabIndex).toBe(-1);
  for (const other of [title, folded, next, page]) expect(other.focus).not.toHaveBeenCalled();
});

test("The focus goes to the page where no heading is before what went away", () => {
  const next = place(FOLLOWING);
  const { page, button, goes } = pageWith(next);
  focused(button);
  goes?.();
  expect(page.focus).toHaveBeenCalledOnce();
});

test("The focus stays where it is if it was elsewhere", () => {
  const title = place(PRECEDING);
  const { page, goes } = pageWith(title);
  focused({});
  goes?.();
  for (const one of [title, page]) expect(one.focus).not.toHaveBeenCalled();
});
