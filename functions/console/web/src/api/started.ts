/** Calls that began before the code of the page had come (src/first-load.js). */
interface StartedCall {
  method: string;
  url: string;
  /** Id of the account that the call names, null for none. */
  account: string | null;
  /** Empty for none. */
  body: string;
  /** Milliseconds on the clock of the page. */
  at: number;
  answer: Promise<Response>;
}

declare global {
  var startedCalls: StartedCall[] | undefined;
}

/** Milliseconds after which an answer tells too little of the present. */
const FRESH = 15_000;

/** The answer to the same call for the same account, if one was begun a moment ago. Each is handed out once. */
export async function takeStarted(request: Request): Promise<Response | undefined> {
  const calls = globalThis.startedCalls;
  if (!calls?.length) return undefined;
  const { method, url } = request;
  const account = request.headers.get("Vestibule-Account");
  const body = method === "GET" ? "" : await request.clone().text();
  const index = calls.findIndex(
    (call) => call.method === method && call.url === url && call.account === account && call.body === body,
  );
  if (index < 0) return undefined;
  const [call] = calls.splice(index, 1);
  return call && performance.now() - call.at < FRESH ? unlessAborted(call.answer, request.signal) : undefined;
}

/** Whether calls are left that nobody took. */
export function hasStarted(): boolean {
  return Boolean(globalThis.startedCalls?.length);
}

/** Forgets what nobody took: it was read for another session, or before a change. */
export function forgetStarted(): void {
  globalThis.startedCalls = undefined;
}

/** The answer, as long as whoever waits for it has not left. */
function unlessAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
