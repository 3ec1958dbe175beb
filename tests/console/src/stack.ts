import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "@playwright/test";
import { local, root } from "./folders.ts";

export { local, root };

const description = resolve(process.env.VESTIBULE_STACK ?? resolve(local, "stack.json"));

interface Facts {
  api_url: string;
  api_key: string;
  account_id: string;
  admin_email: string;
  first_admin_link: string;
  demo_link: string;
  demo_name: string;
  openid_url: string;
  openid_client_id: string;
  openid_client_secret: string;
  aws_endpoint_url: string;
  simulator_url: string;
  agent_url: string;
  agent_signing_secret: string;
  webhook_url: string;
}

/** Facts that the running stack tells of itself. */
export const facts: Facts = JSON.parse(readFileSync(description, "utf8"));

/** Everybody's password, the same as in the end-to-end tests. */
export const PASSWORD = "seven green herons at noon";

/** An address that nobody had before. */
export function newAddress(name: string): string {
  return `${name}-${randomBytes(6).toString("hex")}@example.com`;
}

export const SESSION = "__Host-vestibule";

/** The session that an answer opens. */
export function sessionOf(answer: Response): string | undefined {
  const prefix = `${SESSION}=`;
  const cookie = answer.headers.getSetCookie().find((set) => set.startsWith(prefix));
  return cookie?.slice(prefix.length).split(";")[0];
}

/** A caller of the API: the stack's key, or somebody by their session. */
export class Caller {
  readonly headers: Record<string, string>;

  constructor(headers: Record<string, string>) {
    this.headers = headers;
  }

  static key(): Caller {
    return new Caller({ authorization: `Bearer ${facts.api_key}` });
  }

  static nobody(): Caller {
    return new Caller({});
  }

  static session(cookie: string, account: string): Caller {
    return new Caller({ cookie: `${SESSION}=${cookie}`, "vestibule-account": account });
  }

  /** Calls, and answers the response, whatever its status. Keeps the session's new id, where there is one. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const response = await fetch(facts.api_url + path, {
      method,
      headers: { "x-vestibule-console": "1", "content-type": "application/json", ...this.headers, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const cookie = sessionOf(response);
    if (cookie && this.headers.cookie) this.headers.cookie = `${SESSION}=${cookie}`;
    return response;
  }

  /** Calls, which must succeed, and answers the body. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests read what they assert
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const response = await this.send(method, path, body);
    const text = await response.text();
    expect(response.ok, `${method} ${path}: ${response.status} ${text}`).toBe(true);
    return text ? JSON.parse(text) : undefined;
  }
}

export interface Mail {
  To: string[];
  Subject: string;
  BodyText: string;
  BodyHtml: string;
}

/** The mails to an address that the emulator caught, the oldest first. */
export async function mailsTo(address: string): Promise<Mail[]> {
  const response = await fetch(`${facts.aws_endpoint_url}/_ministack/ses/messages`);
  const { messages } = (await response.json()) as { messages: Record<string, (Mail & { Timestamp: number })[]> };
  return Object.values(messages)
    .flat()
    .filter(({ To }) => To.some((to) => to.includes(address)))
    .sort((one, other) => one.Timestamp - other.Timestamp);
}

/** Waits until something is there, and answers it. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, timeout = 30_000): Promise<T> {
  let found: T | undefined;
  await expect
    .poll(
      async () => {
        found = await look();
        return found !== undefined;
      },
      { message: what, timeout, intervals: [100] },
    )
    .toBe(true);
  return found as T;
}

/** The links to a page of the console in the mails to an address, the oldest first. */
export async function linksTo(address: string, page: "invitation" | "reset"): Promise<string[]> {
  const words = (await mailsTo(address)).flatMap(({ BodyText }) => BodyText.split(/\s+/));
  return words.filter((word) => word.includes(`/console/${page}#`));
}

/** Waits for the link with this number in the mails to an address. */
export function linkTo(address: string, page: "invitation" | "reset", number = 0): Promise<string> {
  return eventually(`a mail to ${address}`, async () => (await linksTo(address, page))[number]);
}
