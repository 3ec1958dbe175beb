import { expect, it } from "vitest";
import { fileName } from "./download";

const NOW = new Date("2026-11-29T12:00:00Z");

it.each([
  ["Acme", "audit-acme-2026-11-29.csv"],
  ["Åcme & Söhne, GmbH.", "audit-åcme-söhne-gmbh-2026-11-29.csv"],
  ["ana@example.com", "audit-ana-example-com-2026-11-29.csv"],
  ["🙂", "audit-2026-11-29.csv"],
  ["../../etc", "audit-etc-2026-11-29.csv"],
])("the file of %s is named %s", (owner, name) => {
  expect(fileName("audit", owner, "csv", NOW)).toBe(name);
});
