import { client } from "./client";
import { listOptions, PAGE } from "./query";
import type { components } from "./schema";

export type AuditEntry = components["schemas"]["AuditEntryResponse"];

export interface AuditFilter {
  actor?: string;
  action?: string;
  target?: string;
  from?: string;
  to?: string;
}

export function auditOptions(filter: AuditFilter) {
  return listOptions(["audit", filter], (cursor, signal) =>
    client.GET("/v1/audit", { params: { query: { ...filter, cursor, limit: PAGE } }, signal }),
  );
}
