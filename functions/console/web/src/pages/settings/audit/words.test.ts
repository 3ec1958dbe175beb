import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { audit as texts } from "../../../texts/en/audit";

/** The keys of all events, where they are written. */
const EVENTS = [...readFileSync("../../../shared/domain/src/event.rs", "utf8").matchAll(/ = "([a-z_]+\.[a-z_]+)",$/gm)]
  .map(([, key]) => key ?? "")
  // A login that deletes itself stands in no audit log.
  .filter((key) => key !== "login.deleted");

it("every event and every kind of target has words, and no words are for an event that does not exist", () => {
  expect(EVENTS.length).toBeGreaterThan(100);
  expect(Object.keys(texts.actions).sort()).toEqual([...EVENTS].sort());
  const kinds = [...new Set(EVENTS.map((key) => key.split(".")[0]))];
  expect(Object.keys(texts.kinds)).toEqual(expect.arrayContaining(kinds));
});
