import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setAccount } from "./client";
import type { Me } from "./me";
import { muteProject, noticedProjectsOptions } from "./notices";
import { isProblem } from "./problems";
import { queryClient } from "./query";

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json", ...headers },
  });

/** A login as the API keeps it: a change that names another version is refused. */
function serve(muted: string[], between: (muted: string[]) => string[] = (same) => same) {
  let version = 1;
  let kept = muted;
  vi.stubGlobal("fetch", async (request: Request) => {
    const me = () => ({ login: { id: "01L" }, preferences: { muted_projects: kept }, accounts: [], account: null });
    if (request.method === "GET") return json(me(), 200, { etag: `"${version}"` });
    const next = between(kept);
    if (next !== kept) {
      kept = next;
      version += 1;
    }
    if (request.headers.get("If-Match") !== `"${version}"`) {
      const problem = { type: "/problems/precondition-failed", title: "", status: 412, detail: "", request_id: "1" };
      return json(problem, 412);
    }
    kept = (await request.json()).preferences.muted_projects;
    version += 1;
    return json(me(), 200, { etag: `"${version}"` });
  });
  return () => kept;
}

beforeEach(() => queryClient.clear());

afterEach(() => {
  vi.unstubAllGlobals();
  setAccount(undefined);
});

it("a project's notices are switched off and on beside those of others (U214)", async () => {
  const kept = serve(["01X"]);
  await muteProject("01P", true);
  expect(kept()).toEqual(["01X", "01P"]);
  await muteProject("01P", true);
  expect(kept()).toEqual(["01X", "01P"]);
  await muteProject("01X", false);
  expect(kept()).toEqual(["01P"]);
});

it("what another tab chose meanwhile is kept", async () => {
  let isFirst = true;
  const kept = serve([], (muted) => {
    if (!isFirst) return muted;
    isFirst = false;
    return ["01OTHER"];
  });
  await muteProject("01P", true);
  expect(kept()).toEqual(["01OTHER", "01P"]);
});

it("a login that keeps changing is given up after three tries, without a change", async () => {
  let count = 0;
  const kept = serve([], () => {
    count += 1;
    return [`01OTHER${count}`];
  });
  await expect(muteProject("01P", true)).rejects.toSatisfy((error) => isProblem(error, "precondition-failed"));
  expect(count).toBe(3);
  expect(kept()).toEqual(["01OTHER3"]);
});

it("only projects of open accounts in which the person may decide and see projects are offered", async () => {
  const held: Record<string, string[]> = {
    "01A": ["access_requests.decide", "projects.read"],
    "01B": ["projects.read"],
    "01C": ["access_requests.decide"],
  };
  const read: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const account = request.headers.get("Vestibule-Account") ?? "";
    if (new URL(request.url).pathname === "/v1/me") return json({ account: { permissions: held[account] } });
    read.push(account);
    return json({ items: [{ id: "01P", name: "Help desk" }], next_cursor: null });
  });
  setAccount("01A");
  const place = { member_id: "01M", role: null, status: "active" };
  const accounts = ["01A", "01B", "01C", "01D"].map((id) => ({ ...place, id, name: id, opens: id !== "01D" }));
  const found = await queryClient.fetchQuery(noticedProjectsOptions(accounts as Me["accounts"]));
  expect(found.map(({ id, projects }) => [id, projects.map(({ name }) => name)])).toEqual([["01A", ["Help desk"]]]);
  expect(read).toEqual(["01A"]);
});
