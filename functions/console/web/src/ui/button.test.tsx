import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { Button, useChangeLink } from "./button";

const network = vi.hoisted(() => ({ isThere: true }));

vi.mock("./online", () => ({ useIsOnline: () => network.isThere }));

function NewConnector() {
  const change = useChangeLink();
  return (
    <a {...change} href="/new">
      New connector
    </a>
  );
}

const shown = (isThere: boolean) => {
  network.isThere = isThere;
  const button = renderToStaticMarkup(<Button changes>New client</Button>);
  return { link: renderToStaticMarkup(<NewConnector />), button };
};

test("A link that leads to a change is blocked offline with the words of a button, and stays focusable (U125)", () => {
  const { link, button } = shown(false);
  for (const html of [link, button]) {
    expect(html).toContain('aria-disabled="true"');
    expect(html).toContain('title="You are offline, so nothing can be changed now."');
  }
  expect(link).toContain('href="/new"');
});

test("A link that leads to a change is a plain link online (U125)", () => {
  expect(shown(true).link).toBe('<a href="/new">New connector</a>');
});
