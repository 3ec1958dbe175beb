import { useState } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { ApiProblem } from "../api/problems";
import { Select } from "./field";
import { useIsFirstRead } from "./last-error";
import { PartProblem } from "./part-problem";

// A server does not know whether there is a network.
vi.mock("./online", () => ({ useIsOnline: () => true }));

const error = new ApiProblem({
  type: "/problems/unavailable",
  title: "Something we need did not answer",
  status: 503,
  detail: "Try again in a moment.",
  request_id: "5a3f0e0e",
});

const shown = (data: unknown, failure: unknown) =>
  renderToStaticMarkup(
    <PartProblem
      read={{ data, error: failure, errorUpdatedAt: 1, refetch: vi.fn() }}
      title="The roles could not be read"
    />,
  );

test("A part that could not be read is named above the words of the API", () => {
  const html = shown(undefined, error);
  expect(html).toContain("<h2>The roles could not be read</h2>");
  expect(html).toContain("Something we need did not answer. Try again in a moment.");
  expect(html).toContain("Try again</");
});

test("What was read before stays without a word, and so does what is still being read", () => {
  expect(shown([], error)).toBe("");
  expect(shown(undefined, null)).toBe("");
});

test("A choice that is not among the options does not look like another one", () => {
  const options = [{ value: "", label: "No role" }];
  const chosen = (value: string) =>
    renderToStaticMarkup(<Select label="Role" onChange={() => {}} options={options} value={value} />);
  expect(chosen("agent")).toContain('<option value="agent" selected="">…</option>');
  expect(chosen("")).not.toContain("…");
});

test("No skeleton comes while a part that could not be read is read again", () => {
  const firstRead = { data: undefined, error: null, errorUpdatedAt: 0, isLoading: true, refetch: vi.fn() };
  const failed = { ...firstRead, error, errorUpdatedAt: 7, isLoading: false };
  const readAgain = { ...firstRead, errorUpdatedAt: 7 };
  expect(isFirst(firstRead)).toBe(true);
  expect(isFirst(firstRead, failed)).toBe(false);
  expect(isFirst(firstRead, failed, readAgain)).toBe(false);
  // A dialog that is opened again knows nothing of the failure.
  expect(isFirst(readAgain)).toBe(true);
});

type Reads = [Parameters<typeof useIsFirstRead>[0], ...Parameters<typeof useIsFirstRead>[0][]];

function Part({ reads: [first, ...later] }: { reads: Reads }) {
  const [at, setAt] = useState(0);
  const isFirstRead = useIsFirstRead(later[at - 1] ?? first);
  if (at < later.length) setAt(at + 1);
  return String(isFirstRead);
}

/** Answers what the last of these states of one read comes to. */
const isFirst = (...reads: Reads) => renderToStaticMarkup(<Part reads={reads} />) === "true";
