import type { components } from "./schema";

export type ProblemBody = components["schemas"]["Problem"];
export type FieldError = components["schemas"]["FieldError"];

/** An answer of the API that says what is wrong (RFC 9457). */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly body: ProblemBody;
  /** Seconds to wait, if the answer told. */
  readonly retryAfter: number | undefined;

  constructor(body: ProblemBody, retryAfter?: number) {
    super(body.title);
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** The stable name of the kind of problem, such as `name-taken`. */
  get kind(): string {
    return this.body.type.replace(/^\/problems\//, "");
  }

  get status(): number {
    return this.body.status;
  }
}

/** The gateway answered instead of the API: too many calls, or a function that cannot be reached. */
export class ServiceBusy extends Error {
  override readonly name = "ServiceBusy";
  readonly status: number;
  readonly retryAfter: number | undefined;
  /** Answers of this kind to the same path before this one, since the last other answer. */
  readonly before: number;

  constructor(status: number, retryAfter?: number, before = 0) {
    super(`The gateway answered ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
    this.before = before;
  }
}

/** Busy answers in a row, by path. */
const busyAnswers = new Map<string, number>();

function pathOf({ url }: Response): string {
  return URL.canParse(url) ? new URL(url).pathname : url;
}

/** No answer came: the browser is offline, or the connection broke. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Whether an error is a problem of one of these kinds. */
export function isProblem(error: unknown, ...kinds: string[]): error is ApiProblem {
  return error instanceof ApiProblem && kinds.includes(error.kind);
}

/** Seconds that a `Retry-After` header asks to wait: a number of seconds, or a date. */
export function readRetryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (!header) return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}

/** Whether an answer holds a problem, rather than whatever the gateway says. */
export function holdsProblem(response: Response): boolean {
  return (response.headers.get("content-type") ?? "").startsWith("application/problem+json");
}

/** The error that an answer other than 2xx stands for. `body` is the answer's body as JSON. */
export function readFailure(response: Response, body: unknown): ApiProblem | ServiceBusy {
  const retryAfter = readRetryAfter(response.headers.get("retry-after"));
  const path = pathOf(response);
  if (holdsProblem(response) && isProblemBody(body)) {
    busyAnswers.delete(path);
    return new ApiProblem(body, retryAfter);
  }
  const before = busyAnswers.get(path) ?? 0;
  busyAnswers.set(path, before + 1);
  return new ServiceBusy(response.status, retryAfter, before);
}

function isProblemBody(body: unknown): body is ProblemBody {
  return typeof body === "object" && body !== null && "type" in body && "title" in body && "detail" in body;
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of a call's answer; throws what went wrong. */
export function unwrap<Data>({ data, error, response }: Answer<Data>): Data {
  if (!response.ok) throw readFailure(response, error);
  if (busyAnswers.size > 0) busyAnswers.delete(pathOf(response));
  return data as Data;
}

/** A record with the version that was read, which `If-Match` names when it is changed. */
export interface Tagged<Data> {
  value: Data;
  etag: string | undefined;
}

/** The data of a call's answer with its `ETag`; throws what went wrong. */
export function unwrapTagged<Data>(answer: Answer<Data>): Tagged<Data> {
  return { value: unwrap(answer), etag: answer.response.headers.get("etag") ?? undefined };
}
