import { queryOptions } from "@tanstack/react-query";
import { common } from "../texts/en/common";
import { client } from "./client";
import { useMay, useMe } from "./me";
import { unwrap } from "./problems";
import { listOptions, PAGE } from "./query";
import type { components } from "./schema";
import { timeOf } from "./ulid";

export type AuditEntry = components["schemas"]["AuditEntryResponse"];
export type ExportFormat = "csv" | "jsonl";

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

export function auditOptions(filter: AuditFilter) {
  return listOptions(["audit", filter], (cursor, signal) =>
    client.GET("/v1/audit", { params: { query: { ...filter, cursor, limit: PAGE } }, signal }),
  );
}

/** One entry, found by the time in its id; null if there is none. */
export function auditEntryOptions(id: string) {
  return queryOptions({
    queryKey: ["audit-entry", id],
    queryFn: async ({ signal }) => {
      const at = timeOf(id);
      if (at === undefined) return null;
      const around = { from: new Date(at - 2_000).toISOString(), to: new Date(at + 2_000).toISOString() };
      let cursor: string | undefined;
      do {
        const query = { ...around, cursor, limit: 100 };
        const page = unwrap(await client.GET("/v1/audit", { params: { query }, signal }));
        const found = page.items.find((entry) => entry.id === id);
        if (found) return found;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      return null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The entry of the latest change of values among entries that begin with the latest. */
export function latestChange(entries: readonly AuditEntry[]): AuditEntry | undefined {
  return entries.find(({ before, after }) => before !== null && after !== null);
}

/** Finds the name of whoever last changed a record, such as `role:01JD…`, where the person may see the audit log. */
export function useLastEditor(): (target: string) => Promise<string | undefined> {
  const may = useMay();
  const me = useMe().account?.member_id;
  return async (target) => {
    if (!may("audit.read")) return undefined;
    const answer = await client.GET("/v1/audit", { params: { query: { target, limit: 10 } } }).catch(() => undefined);
    const actor = latestChange(answer?.data?.items ?? [])?.actor;
    return actor?.id === `member:${me}` ? common.conflictYou : actor?.name;
  };
}

/** Rows of an export from a cursor on, as text, with the cursor of the rows after them. */
export async function exportAudit(
  filter: AuditFilter,
  format: ExportFormat,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ text: string; next: string | undefined }> {
  const query = { ...filter, format, cursor };
  const answer = await client.GET("/v1/audit/export", { params: { query }, parseAs: "text", signal });
  return { text: unwrap(answer), next: answer.response.headers.get("vestibule-next-cursor") ?? undefined };
}
