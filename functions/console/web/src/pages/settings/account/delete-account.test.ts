import { expect, it } from "vitest";
import { ApiProblem } from "../../../api/problems";
import { describeError } from "../../../ui";
import { explain } from "./delete-account";

const problem = (kind: string, more: object = {}) =>
  new ApiProblem({
    type: `/problems/${kind}`,
    title: "The account has projects",
    status: 409,
    detail: "`projects` is their number.",
    request_id: "JKJaXmPLvHcESHA=",
    ...more,
  });

it.each([
  ["one project", problem("account-has-projects", { projects: 1 }), /has one project/],
  ["some projects", problem("account-has-projects", { projects: 3 }), /has 3 projects/],
  ["the place of the first account", problem("first-account"), /first account of the installation/],
  ["a change meanwhile", problem("precondition-failed"), /changed the account meanwhile/],
])("a deletion that is refused for %s says so in words for admins", (_, error, words) => {
  expect(describeError(explain(error)).title).toMatch(words);
});

it("another refusal of a deletion stays as the API says it", () => {
  const other = problem("needs-a-session");
  expect(explain(other)).toBe(other);
});
