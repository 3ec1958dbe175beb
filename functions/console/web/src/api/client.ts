import createClient from "openapi-fetch";
import { holdsProblem, readRetryAfter, Unreachable } from "./problems";
import type { paths } from "./schema";
import { session } from "./session";
import { forgetStarted, hasStarted, takeStarted } from "./started";

/** Longest wait for a limit of calls that a person is not told about. */
const SILENT_WAIT_MAX = 10;

/** Changes of a login, with which the API may renew the session. */
const RENEWING = /^\/v1\/me\/(?:password|factor|address)(?:\/|$)/;

let account: string | undefined;

/** Names the account of the calls that follow. */
export function setAccount(id: string | undefined): void {
  account = id;
}

export function currentAccount(): string | undefined {
  return account;
}

/** Sends a call, and repeats it once the reason for a refusal has gone: a limit of calls, or an ended session. */
export async function send(request: Request): Promise<Response> {
  const repetition = request.clone();
  // Those that were begun for the page may be older than any renewal.
  const before = hasStarted() ? 0 : session.renewals;
  let response = await attempt(request);
  if (response.status === 401) forgetStarted();
  if (response.status === 429 && !holdsProblem(response)) {
    const wait = readRetryAfter(response.headers.get("retry-after")) ?? 1;
    if (wait <= SILENT_WAIT_MAX) {
      await sleep(wait * 1000, request.signal);
      response = await attempt(repetition.clone());
    }
  }
  const isSignIn = pathOf(request).startsWith("/v1/auth/");
  if (response.status === 401 && !isSignIn && (await saysSignInAgain(response)) && (await session.again(before))) {
    return send(repetition);
  }
  return response;
}

function attempt(request: Request): Promise<Response> {
  const answer = answerTo(request);
  return request.method !== "GET" && RENEWING.test(pathOf(request)) ? session.mayRenew(answer) : answer;
}

async function answerTo(request: Request): Promise<Response> {
  try {
    const started = await takeStarted(request);
    if (started) return started;
    // Before a change is sent: it may be made even where no answer tells so.
    if (request.method !== "GET") forgetStarted();
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable("No answer came", { cause: error });
  }
}

function pathOf({ url }: Request): string {
  return new URL(url).pathname;
}

async function saysSignInAgain(response: Response): Promise<boolean> {
  if (!holdsProblem(response)) return false;
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  if (typeof problem !== "object" || problem === null || !("type" in problem)) return false;
  // A browser that has dropped the cookie sends a call without any credential.
  return problem.type === "/problems/sign-in-again" || problem.type === "/problems/unauthenticated";
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** The API, typed by its own description. Every path begins with `/v1`. */
export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "http://localhost",
  headers: { "X-Vestibule-Console": "1" },
  fetch: send,
});

client.use({
  onRequest({ request }) {
    // A call may name another account than the one that is shown.
    if (account !== undefined && !request.headers.has("Vestibule-Account")) {
      request.headers.set("Vestibule-Account", account);
    }
    return request;
  },
});
