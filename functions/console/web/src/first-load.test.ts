import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { requestCountsOptions, requestsOptions } from "./api/access-requests";
import { openedInvitationOptions } from "./api/auth";
import { setAccount } from "./api/client";
import { allConnectorsOptions } from "./api/connectors";
import { conversationCountsOptions } from "./api/conversation-counts";
import { meOptions, visitorOptions } from "./api/me";
import { archivedProjectsOptions, projectsOptions } from "./api/projects";
import { queryClient } from "./api/query";
import { session } from "./api/session";
import { toQuery } from "./pages/requests/filter";

const SCRIPT = readFileSync("src/first-load.js", "utf8").replace(
  "const FILES = {};",
  'const FILES = { "requests/requests-page": ["/console/assets/requests.js"], "sign-in/sign-in-page": ["/console/assets/sign-in.js"] };',
);
const ACCOUNT = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
const PROJECT = "01JD3Q3Z9V8M4T6K2N7P5R1SP0";
const REQUEST = "01JD3Q3Z9V8M4T6K2N7P5R1SR0";
const OWN = `/v1/projects/${PROJECT}`;
const LISTED = ["/v1/projects?limit=100&order=oldest"];
const ALL = ["projects.read", "projects.write", "access_requests.read", "conversations.read"];

interface Visitor {
  held?: string[];
  status?: number;
  kept?: Record<string, string>;
}

interface Sent {
  method: string;
  headers: Record<string, string>;
  body?: string;
}

/** The calls that a visit to an address begins, each with its account, and the files. */
async function visit(address: string, { held = ALL, status = 200, kept = {} }: Visitor = {}) {
  const calls: string[] = [];
  const files: string[] = [];
  const { pathname, search, hash, origin } = new URL(address, "http://localhost");
  const context = {
    location: { pathname, search, hash, origin },
    localStorage: kept,
    sessionStorage: kept,
    performance,
    document: {
      createElement: () => ({}),
      head: { append: ({ rel, href }: { rel: string; href: string }) => files.push(`${rel} ${href}`) },
    },
    fetch: async (path: string, { method, headers, body = "" }: Sent) => {
      expect(headers["X-Vestibule-Console"]).toBe("1");
      calls.push(`${path} ${headers["Vestibule-Account"] ?? "-"}${body}`);
      expect(method).toBe(body ? "POST" : "GET");
      const account = headers["Vestibule-Account"] ? { permissions: held } : null;
      return new Response(JSON.stringify({ account, login: { id: "01L" }, items: [] }), { status });
    },
    startedCalls: undefined as typeof globalThis.startedCalls,
  };
  runInNewContext(SCRIPT, context);
  await new Promise(setImmediate);
  expect(context.startedCalls).toHaveLength(calls.length);
  globalThis.startedCalls = context.startedCalls;
  return { calls, files };
}

afterEach(() => {
  vi.unstubAllGlobals();
  globalThis.startedCalls = undefined;
  queryClient.clear();
  setAccount(undefined);
  session.signedOut();
});

const of = (account: string, ...paths: string[]) => paths.map((path) => `${path} ${account}`);

describe("a first load (U173)", () => {
  it("begins what the access requests show, and their code", async () => {
    const paths = [
      "/v1/me",
      ...LISTED,
      "/v1/projects?archived=true&limit=100&order=oldest",
      `${OWN}/access-requests/counts`,
      `${OWN}/conversations/counts`,
      `${OWN}/access-requests?status=pending&order=oldest&limit=50`,
      `${OWN}/connectors?limit=100`,
    ];
    for (const end of ["requests", "requests/", `requests/${REQUEST}`]) {
      const { calls, files } = await visit(`/console/a/${ACCOUNT}/p/${PROJECT}/${end}`);
      expect(calls).toEqual(of(ACCOUNT, ...paths));
      expect(files).toEqual(["modulepreload /console/assets/requests.js"]);
    }
  });

  it("leaves the list to the page where the address has a filter", async () => {
    const { calls } = await visit(`/console/a/${ACCOUNT}/p/${PROJECT}/requests?tab=approved`);
    expect(calls.filter((call) => call.includes("status="))).toEqual([]);
  });

  it("begins no call that the person's permissions refuse", async () => {
    const address = `/console/a/${ACCOUNT}/p/${PROJECT}/requests`;
    const of_projects = await visit(address, { held: ["projects.read"] });
    expect(of_projects.calls).toEqual(of(ACCOUNT, "/v1/me", ...LISTED));
    const of_requests = await visit(address, { held: ["access_requests.read"] });
    expect(of_requests.calls).toEqual(
      of(
        ACCOUNT,
        "/v1/me",
        `${OWN}/access-requests/counts`,
        `${OWN}/access-requests?status=pending&order=oldest&limit=50`,
      ),
    );
    expect((await visit(address, { status: 401 })).calls).toEqual(of(ACCOUNT, "/v1/me"));
  });

  it("begins what the frame of another page shows", async () => {
    const settings = await visit(`/console/a/${ACCOUNT}/settings/users`, { held: ["projects.read"] });
    expect(settings.calls).toEqual(of(ACCOUNT, "/v1/me", ...LISTED));
    const people = await visit(`/console/a/${ACCOUNT}/p/${PROJECT}/people`, { held: ["access_requests.read"] });
    expect(people.calls).toEqual(of(ACCOUNT, "/v1/me", `${OWN}/access-requests/counts`));
    expect(people.files).toEqual([]);
  });

  it("takes the account that was shown last where the address names none", async () => {
    const kept = { "vestibule.account": ACCOUNT };
    for (const address of ["/console", "/console/", "/console/profile?tab=sessions"]) {
      expect((await visit(address, { kept, held: ["projects.read"] })).calls).toEqual(of(ACCOUNT, "/v1/me", ...LISTED));
      expect((await visit(address)).calls).toEqual(of("-", "/v1/me"));
    }
    expect((await visit(`/console/profile#address=vsa_1`, { kept })).calls).toEqual([]);
  });

  it("looks at the link on the page of an invitation, and who is here, and at nothing else before a sign-in", async () => {
    const kept = { "vestibule.account": ACCOUNT };
    const looks = ['/v1/auth/invitation/inspect -{"token":"vsi_1"}', "/v1/me -"];
    expect((await visit("/console/invitation#vsi_1", { kept })).calls).toEqual(looks);
    for (const end of ["", "#ok", "#problem=not-bound"]) {
      const again = await visit(`/console/invitation${end}`, { kept: { "vestibule.invitation": "vsi_1" } });
      expect(again.calls).toEqual(looks);
    }
    for (const address of [
      "/console/invitation",
      "/console/sign-in",
      `/console/sign-in/${ACCOUNT}`,
      "/console/reset#vsr_1",
    ]) {
      expect((await visit(address, { kept })).calls).toEqual([]);
    }
    expect((await visit("/console/sign-in")).files).toEqual(["modulepreload /console/assets/sign-in.js"]);
  });

  it("begins each call as the page makes it, so that none goes out twice", async () => {
    const sent = vi.fn();
    vi.stubGlobal("fetch", sent);
    setAccount(ACCOUNT);
    await visit(`/console/a/${ACCOUNT}/p/${PROJECT}/requests`);
    await Promise.all([
      queryClient.fetchQuery(meOptions),
      queryClient.fetchQuery(projectsOptions),
      queryClient.fetchQuery(archivedProjectsOptions),
      queryClient.fetchQuery(requestCountsOptions(PROJECT)),
      queryClient.fetchQuery(conversationCountsOptions(PROJECT)),
      queryClient.fetchInfiniteQuery(requestsOptions(PROJECT, toQuery({}, "UTC", Date.now()))),
      queryClient.fetchQuery(allConnectorsOptions(PROJECT)),
    ]);
    expect(globalThis.startedCalls).toEqual([]);

    setAccount(undefined);
    await visit("/console/invitation#vsi_1");
    await Promise.all([
      queryClient.fetchQuery(openedInvitationOptions("vsi_1")),
      queryClient.fetchQuery(visitorOptions),
    ]);
    expect(globalThis.startedCalls).toEqual([]);
    expect(sent).not.toHaveBeenCalled();
  });
});
