import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { facts } from "./stack.ts";

interface Kept {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** Headers of one connection, not of the answer. */
const OF_CONNECTION = ["connection", "keep-alive", "transfer-encoding"];

/**
 * Answers what the stack answered before, byte for byte and at once. The emulator behind a local stack takes longer for each call than AWS
 * does, and another time each time, so a page's own time could not be told from it. A page loaded from here is measured through the
 * browser's real network, with its throttling, which answers that a test fulfils itself would go round.
 */
export class Replay {
  readonly origin: string;
  private readonly server: Server;

  private constructor(server: Server, origin: string) {
    this.server = server;
    this.origin = origin;
  }

  static async open(): Promise<Replay> {
    const kept = new Map<string, Promise<Kept>>();
    const server = createServer((asked, response) => void answer(kept, asked, response));
    // The cookies of the stack belong to its host, whatever the port.
    const { hostname } = new URL(facts.api_url);
    server.listen(0, hostname);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new Replay(server, `http://${hostname}:${port}`);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

async function answer(kept: Map<string, Promise<Kept>>, asked: IncomingMessage, response: ServerResponse) {
  const { cookie = "", "accept-encoding": encoding = "", "vestibule-account": account = "" } = asked.headers;
  const key = [asked.method, asked.url, cookie, encoding, account].join("\n");
  let known = kept.get(key);
  if (!known) {
    known = ask(asked);
    kept.set(key, known);
  }
  try {
    const { status, headers, body } = await known;
    response.writeHead(status, { ...headers, "content-length": body.length });
    response.end(body);
  } catch (error) {
    kept.delete(key);
    response.destroy(error as Error);
  }
}

/** Asks the stack. */
async function ask(asked: IncomingMessage): Promise<Kept> {
  const url = new URL(asked.url ?? "/", facts.api_url);
  const { origin } = asked.headers;
  const headers = { ...asked.headers, host: url.host, ...(origin && { origin: url.origin }) };
  const sent = request(url, { method: asked.method, headers });
  sent.end(await buffer(asked));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = await buffer(response);
  const kept = Object.fromEntries(Object.entries(response.headers).filter(([name]) => !OF_CONNECTION.includes(name)));
  return { status: response.statusCode ?? 502, headers: kept, body };
}
