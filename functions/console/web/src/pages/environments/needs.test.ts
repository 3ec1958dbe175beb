import { expect, it } from "vitest";
import { needsOf, remedyOf } from "./needs";

const one = { id: "C", name: "Slack" };
const nothing = {
  leading_connectors: [],
  other_connectors: 0,
  users: { count: 0, more: false, some: [] },
  messages_wait: false,
  is_settling: false,
};
const users = (count: number, more: boolean) => ({ count, more, some: [] });

it("a refused deletion says in numbers what needs the environment (U412)", () => {
  expect(needsOf({ ...nothing, leading_connectors: [one, one], users: users(14, false) })).toBe(
    "2 connectors and 14 users need it",
  );
  expect(needsOf({ ...nothing, leading_connectors: [one] })).toBe("1 connector needs it");
  expect(needsOf({ ...nothing, other_connectors: 2 })).toBe("2 connectors need it");
  expect(needsOf({ ...nothing, users: users(1000, true) })).toBe("1,000+ users need it");
  expect(needsOf({ ...nothing, messages_wait: true })).toBeUndefined();
});

it("a refused deletion says what to do about each kind that needs the environment (U412)", () => {
  const toConnectors = "Move or delete the connectors.";
  const toUsers = "Give these users access to another environment first: this is the only one they have.";
  const toUser = "Give this user access to another environment first: this is the only one they have.";
  expect(remedyOf({ ...nothing, leading_connectors: [one], other_connectors: 1, users: users(14, false) })).toBe(
    `${toConnectors} ${toUsers}`,
  );
  expect(remedyOf({ ...nothing, other_connectors: 1 })).toBe("Move or delete the connector.");
  expect(remedyOf({ ...nothing, users: users(1, false) })).toBe(toUser);
  expect(remedyOf({ ...nothing, users: users(1, true) })).toBe(toUsers);
});
