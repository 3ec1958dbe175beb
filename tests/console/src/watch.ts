import type { BrowserContext, Page } from "@playwright/test";

/** Chromium's own line about an answer, which `Watch` judges instead, or about none while a test is offline. */
const NETWORK_LINE =
  /^Failed to load resource: (the server responded with a status of \d+|net::ERR_INTERNET_DISCONNECTED)/;
/** The console's own line about a file that did not come. */
const MISSING_LINE = /^CodeMissing\b/;
/** The console's question whether somebody is signed in; for a stranger, the answer is no. */
const WHO_AM_I = "401 GET /v1/me";
/** A call that the console makes once the browser is idle, which may be after the end of the session. */
const WHEN_IDLE = "401 GET /v1/me/availability";

/** Notes whatever a page must never do: call other hosts, break its policy, log errors, or get an answer that the test does not expect. */
export class Watch {
  private readonly problems: string[] = [];
  private readonly refused: string[] = [];
  private readonly expected: string[] = [];
  private readonly several: string[] = [];
  private readonly allowed: string[] = [];
  private readonly missing: string[] = [];
  private readonly told: string[] = [];
  private readonly hosts: Set<string>;
  private readonly api: string;

  constructor(api: string) {
    this.api = new URL(api).host;
    this.hosts = new Set([this.api]);
  }

  /** Names a refused answer of the API, as often as it will come, such as `409 POST /v1/invitations`. */
  expects(...answers: string[]): void {
    this.expected.push(...answers);
  }

  /** Names a refused answer of the API that comes at least once. */
  expectsSome(answer: string): void {
    this.several.push(answer);
  }

  /** Names a refused answer of the API that a page may get or not, such as that of a poll. */
  allows(answer: string): void {
    this.allowed.push(answer);
  }

  /** Lets a file of the console be missing, as after a deploy. */
  misses(name: string): void {
    this.missing.push(name);
  }

  /** Lets the console log an error that begins with these words: those of a page that failed as a whole. */
  allowsError(words: string): void {
    this.told.push(words);
  }

  /** Lets a page go to this origin, such as that of an identity provider. */
  allow(origin: string): void {
    this.hosts.add(new URL(origin).host);
  }

  async follow(context: BrowserContext): Promise<void> {
    context.on("request", (request) => {
      const { host, protocol } = new URL(request.url());
      if (protocol !== "blob:" && !this.hosts.has(host))
        this.problems.push(`a request to another host: ${request.url()}`);
    });
    context.on("response", (response) => {
      const url = new URL(response.url());
      if (response.status() < 400 || url.host !== this.api || this.isMissing(url.href)) return;
      this.refused.push(`${response.status()} ${response.request().method()} ${url.pathname}`);
    });
    context.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      const isOfApi = URL.canParse(message.location().url) && new URL(message.location().url).host === this.api;
      if (isOfApi && NETWORK_LINE.test(message.text())) return;
      if (this.isMissing(message.text()) || (this.missing.length > 0 && MISSING_LINE.test(message.text()))) return;
      if (this.told.some((words) => message.text().startsWith(words))) return;
      this.problems.push(`${message.type()} in the console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.problems.push(`an error in a page: ${error.error()}`));
    await context.addInitScript(() => {
      // Reports that have no address to go to still end here.
      addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy broken: ${event.effectiveDirective} by ${event.blockedURI} ${event.sourceFile}`);
      });
    });
  }

  private isMissing(text: string): boolean {
    return this.missing.some((name) => text.includes(name));
  }

  /** Everything that was wrong. */
  outcome(): string[] {
    const open = [...this.expected];
    const unexpected = this.refused.filter((answer) => {
      const index = open.indexOf(answer);
      if (index >= 0) open.splice(index, 1);
      return index < 0 && ![WHO_AM_I, WHEN_IDLE, ...this.several, ...this.allowed].includes(answer);
    });
    open.push(...this.several.filter((answer) => !this.refused.includes(answer)));
    return [
      ...this.problems,
      ...unexpected.map((answer) => `an answer that was not expected: ${answer}`),
      ...open.map((answer) => `an answer that did not come: ${answer}`),
    ];
  }
}

/** The part of an address behind the host. */
export function pathOf(page: Page): string {
  const { pathname, search, hash } = new URL(page.url());
  return pathname + search + hash;
}
