import { expect, it } from "vitest";
import { ApiProblem } from "../../api/problems";
import { describeError } from "../../ui";
import { explainLastAdmin, explainRequired } from "./refusals";

const problem = (type: string) =>
  new ApiProblem({
    type: `/problems/${type}`,
    title: "An account would have no active super admin",
    status: 409,
    detail: "`accounts` lists the accounts.",
    request_id: "JKJaXmPLvHcESHA=",
    accounts: [
      { id: "01JD3Q3Z9V8M4T6K2N7P5R1S0W", name: "Acme" },
      { id: "01JD3Q3Z9V8M4T6K2N7P5R1S0G", name: "Globex" },
    ],
  });

it("a last super admin is told of which accounts, and what to do", () => {
  const { title, detail } = describeError(explainLastAdmin(problem("last-super-admin-of")));
  expect(title).toBe("You are the last active super admin of Acme and Globex");
  expect(detail).toContain("Make another member a super admin first");
});

it("who may enter accounts at a provider only is told of which, and what to do", () => {
  const { title, detail } = describeError(explainRequired(problem("identity-required-by")));
  expect(title).toBe("This is your only way into Acme and Globex");
  expect(detail).toContain("Leave the account");
});

it("another refusal stays as the API says it", () => {
  const other = problem("changed-meanwhile");
  expect(explainLastAdmin(other)).toBe(other);
  expect(explainRequired(other)).toBe(other);
});
