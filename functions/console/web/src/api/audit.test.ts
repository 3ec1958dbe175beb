import { expect, it } from "vitest";
import { type AuditEntry, latestChange } from "./audit";

function entry(action: string, name: string, before: unknown, after: unknown): AuditEntry {
  return {
    id: name,
    at: "2026-11-22T10:00:00Z",
    actor: { id: `member:${name}`, name },
    action,
    target: "login_method:01JD3Q3Z9V8M4T6K2N7P5R1SL0",
    before,
    after,
    request_id: "r",
  };
}

it("takes who changed values last for who changed a record, not who tried or made it", () => {
  const entries = [
    entry("login_method.tried", "Cy", null, { outcome: "worked" }),
    entry("login_method.updated", "Bo", { name: "Acme" }, { name: "Acme SSO" }),
    entry("login_method.updated", "Ana", { name: "A" }, { name: "Acme" }),
    entry("login_method.created", "Dai", null, { name: "A" }),
  ];
  expect(latestChange(entries)?.actor.name).toBe("Bo");
  expect(latestChange([entry("login_method.created", "Dai", null, {})])).toBeUndefined();
  expect(latestChange([])).toBeUndefined();
});
