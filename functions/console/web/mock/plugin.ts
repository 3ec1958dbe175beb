import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { answer } from "./api.ts";

/** Answers `/v1` from memory, for work on pages without the Rust stack (`npm run dev:mock`). */
export function mockApi(): Plugin {
  return {
    name: "mock-api",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        // Vite serves its base with a slash at the end only; the gateway serves both.
        if (request.url === "/console") request.url = "/console/";
        if (!request.url?.startsWith("/v1/")) return next();
        void handle(request, response);
      });
    },
  };
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const part of request) text += part;
  const url = new URL(request.url ?? "/", "http://mock");
  const { status, body, headers } = answer({
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text ? JSON.parse(text) : {},
  });
  // Long enough to see that something is under way.
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.MOCK_DELAY ?? 150)));
  const isPlain = body === undefined || typeof body === "string" || Buffer.isBuffer(body);
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, {
    ...(isPlain ? {} : { "content-type": type }),
    ...headers,
  });
  response.end(isPlain ? body : JSON.stringify(body));
}
