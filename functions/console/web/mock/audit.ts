import { audit } from "./data.ts";
import { page, type Routes } from "./reply.ts";

/** The audit log. */
export const auditRoutes: Routes = [
  [
    "GET /v1/audit",
    (call) => {
      const wanted = (name: string, value: string) => !call.query.get(name) || call.query.get(name) === value;
      const from = call.query.get("from") ?? "";
      const to = call.query.get("to") ?? "9";
      return page(
        call,
        audit.filter(
          (entry) =>
            wanted("actor", entry.actor.id) &&
            wanted("action", entry.action) &&
            wanted("target", entry.target) &&
            entry.at >= from &&
            entry.at < to,
        ),
      );
    },
  ],
  [
    "GET /v1/audit/export",
    ({ query }) => {
      const start = Number(query.get("cursor") ?? 0);
      const end = start + 20;
      const rows = audit.slice(start, end);
      const isCsv = query.get("format") !== "jsonl";
      const line = (entry: (typeof audit)[number]) =>
        `"${entry.id}","${entry.at}","${entry.actor.id}","${entry.action}"`;
      const text = isCsv
        ? ["id,at,actor_id,action", ...rows.map(line), ""].join("\r\n")
        : rows.map((entry) => `${JSON.stringify(entry)}\n`).join("");
      return {
        status: 200,
        body: text,
        headers: {
          "content-type": isCsv ? "text/csv; charset=utf-8" : "application/jsonl",
          ...(end < audit.length ? { "vestibule-next-cursor": String(end) } : {}),
        },
      };
    },
  ],
];
