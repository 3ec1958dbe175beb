import { randomBytes } from "node:crypto";
import type { Team } from "./people.ts";
import { type Caller, eventually, facts } from "./stack.ts";

/** Somebody on the simulated platforms. */
export interface Stranger {
  id: string;
  name: string;
  /** Telegram's id of the person. */
  identifier: string;
  /** The number for SMS and WhatsApp. */
  phone: string;
}

/** A file that somebody sends; its content is the same picture, whatever its name. */
export interface SentFile {
  name: string;
  mime_type: string;
}

/** The way to a connector: the direct messages of its platform, or WhatsApp at Twilio. */
type Way = "im" | "whatsapp";
type Platform = "telegram" | "twilio";

/** A project with a connector that asks for approval, and what strangers can do there. */
export class Entrance {
  readonly project: string;
  readonly connector: string;
  private readonly api: Caller;

  private constructor(project: string, connector: string, api: Caller) {
    this.project = project;
    this.connector = connector;
    this.api = api;
  }

  /** Makes a project of its own, so that no other test's people stand in its lists; `more` changes fields of its connector. */
  static async open(
    { inviter }: Team,
    name: string,
    more: object = {},
    platform: Platform = "telegram",
  ): Promise<Entrance> {
    const { id: project } = await inviter.call("POST", "/v1/projects", { name });
    const { items } = await inviter.call("GET", `/v1/projects/${project}/environments`);
    const production = items.find((environment: { name: string }) => environment.name === "Production");
    const account = platform === "telegram" ? newBot() : newNumber();
    const made = await inviter.call("POST", `/v1/projects/${project}/connectors`, {
      name: `${name} bot`,
      provider: platform,
      environment_id: production.id,
      policy: "OnBoarding",
      onboarding_message: "Thanks for writing! Somebody looks at your request today.",
      [platform]: account,
      ...more,
    });
    await register(platform, made, account);
    if (platform === "telegram") await inviter.call("POST", `/v1/projects/${project}/connectors/${made.id}/connect`);
    return new Entrance(project, made.id, inviter);
  }

  /** A stranger who writes for the first time. */
  async arrive(name: string, text = "Hello, may I come in?"): Promise<Stranger> {
    const stranger = await meet(name);
    await this.say(stranger, text);
    return stranger;
  }

  /** A stranger who writes for the first time, and waits. */
  async visit(name: string, text?: string): Promise<Stranger> {
    const stranger = await this.arrive(name, text);
    await this.request(stranger);
    return stranger;
  }

  /** Waits until a search finds somebody, a moment after they wrote. */
  indexed({ name }: Stranger): Promise<true> {
    return eventually(`a search finds ${name}`, async () => {
      const path = `/v1/projects/${this.project}/chat-users?q=${encodeURIComponent(name)}`;
      const { items } = await this.api.call("GET", path);
      return items.length > 0 || undefined;
    });
  }

  /** A stranger writes, or sends a file. */
  async say(stranger: Stranger, said: string | SentFile, way: Way = "im"): Promise<void> {
    const { deliveries } = await simulate("messages", {
      connector_id: this.connector,
      user_id: stranger.id,
      channel: way,
      ...(typeof said === "string" ? { text: said } : { text: "", item: { kind: "file", ...said } }),
    });
    for (const { event_id } of deliveries) {
      await eventually("the webhook takes the message", async () => {
        const { delivery } = await look(`events/${event_id}`);
        return delivery.state === "accepted" ? true : undefined;
      });
    }
  }

  /** Makes the platform refuse the next message to a stranger. */
  async refuseNext(stranger: Stranger, reason: string): Promise<void> {
    await simulate("failures", {
      provider: "telegram",
      method: "sendMessage",
      channel: stranger.identifier,
      times: 1,
      kind: "code",
      status: 403,
      code: reason,
    });
  }

  /** The stranger's request, once there is one that bears their name or number; with `status`, one that has it. */
  request(stranger: Stranger, status?: string): Promise<{ id: string; status: string; chat_user_id: string }> {
    return eventually(`a request of ${stranger.name}`, async () => {
      const path = `/v1/projects/${this.project}/access-requests?limit=100${status ? `&status=${status}` : ""}`;
      const { items } = await this.api.call("GET", path);
      return items.find((one: { user_name: string }) => [stranger.name, stranger.phone].includes(one.user_name));
    });
  }

  /** Lets the platform refuse the next message to a stranger, as if they had blocked the bot. */
  async refuse({ identifier }: Stranger): Promise<void> {
    const code = "Forbidden: bot was blocked by the user";
    await simulate("failures", {
      provider: "telegram",
      method: "sendMessage",
      channel: identifier,
      times: 1,
      kind: "code",
      status: 403,
      code,
    });
  }
}

/** The secrets of a bot that nobody had before. */
export function newBot(): { bot_token: string; secret_token: string } {
  const number = 8_000_000_000 + (randomBytes(4).readUInt32BE() % 1_000_000_000);
  return {
    bot_token: `${number}:${randomBytes(26).toString("base64url")}`,
    secret_token: randomBytes(32).toString("base64url"),
  };
}

/** A number at Twilio that nobody had before, with its account. */
function newNumber(): { account_sid: string; phone_number: string; auth_token: string } {
  const [account, token] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  return { account_sid: `AC${account}`, phone_number: newPhone("+1202555"), auth_token: token };
}

/** A phone number that begins like this and has four more digits. */
function newPhone(start: string): string {
  return `${start}${String(randomBytes(4).readUInt32BE() % 10_000).padStart(4, "0")}`;
}

interface Registered {
  id: string;
  name: string;
  webhook_url: string;
}

/** Makes the simulated Telegram know a bot, as the bot of a connector. */
export function registerBot(connector: Registered, account: ReturnType<typeof newBot>): Promise<void> {
  return register("telegram", connector, account);
}

async function register(provider: Platform, connector: Registered, account: object): Promise<void> {
  const { id: connector_id, name, webhook_url } = connector;
  await simulate("connectors", {
    provider,
    connector_id,
    name,
    policy: "OnBoarding",
    webhook_url,
    ...account,
  });
}

/** Somebody whom no connector knows yet. WhatsApp shows their number. */
export async function meet(name: string): Promise<Stranger> {
  const [first_name, ...rest] = name.split(" ");
  const phone = newPhone("+1415555");
  const names = { name, first_name, last_name: rest.join(" ") };
  const { user_id: id } = await simulate("users", { ...names, phone, whatsapp_shows: "phone" });
  const { people } = await look("state");
  const known = people.find((person: { id: string }) => person.id === id);
  return { id, name, identifier: String(known.telegram_id), phone };
}

// biome-ignore lint/suspicious/noExplicitAny: the tests read what they assert
async function simulate(path: string, body: unknown): Promise<any> {
  const response = await fetch(`${facts.simulator_url}/_control/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function look(path: string): Promise<any> {
  return (await fetch(`${facts.simulator_url}/_control/${path}`)).json();
}

/** The address of a project's requests. */
export function requestsOf(account: string, project: string, rest = ""): string {
  return `/console/a/${account}/p/${project}/requests${rest}`;
}
