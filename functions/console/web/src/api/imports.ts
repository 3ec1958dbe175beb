import { queryOptions } from "@tanstack/react-query";
import { client } from "./client";
import { unwrap } from "./problems";
import { listOptions, PAGE, queryClient } from "./query";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type ImportRecord = Schemas["ImportResponse"];
export type ImportStatus = Schemas["ImportStatusName"];
export type ImportStop = Schemas["ImportStopName"];
export type ImportField = Schemas["ImportFieldName"];
export type ImportError = Schemas["ImportErrorResponse"];
/** Content of a column; null leaves it out. */
export type MappedColumn = Schemas["MappedColumn"];

/** Bytes of one part of a file. */
export const PART_MAX = 4_000_000;

const LIST = "/v1/projects/{project_id}/end-users/imports";
const ONE = `${LIST}/{import_id}`;

const at = (project: string, id: string) => ({ path: { project_id: project, import_id: id } });

/** An import that the API still works on. */
export function isUnderWay({ status }: Pick<ImportRecord, "status">): boolean {
  return status === "checking" || status === "importing";
}

/** Milliseconds between two looks at an import that is under way. */
const PAUSE = 1_500;

/** The latest import of a project; null if there is none. */
export function latestImportOptions(project: string) {
  return queryOptions({
    queryKey: ["imports", project],
    queryFn: async ({ signal }) => {
      const params = { path: { project_id: project }, query: { limit: 1 } };
      return unwrap(await client.GET(LIST, { params, signal })).items[0] ?? null;
    },
    refetchInterval: ({ state }) => (state.data && isUnderWay(state.data) ? PAUSE : false),
  });
}

/** An import; read again and again while it is under way. */
export function importOptions(project: string, id: string) {
  return queryOptions({
    queryKey: ["import", project, id],
    queryFn: async ({ signal }) => unwrap(await client.GET(ONE, { params: at(project, id), signal })),
    refetchInterval: ({ state }) => (state.data && isUnderWay(state.data) ? PAUSE : false),
  });
}

export function importErrorsOptions(project: string, id: string) {
  return listOptions<ImportError>(["import", project, id, "errors"], (cursor, signal) =>
    client.GET(`${ONE}/errors`, {
      params: { ...at(project, id), query: { cursor, limit: PAGE } },
      signal,
    }),
  );
}

/** Makes an import whose file is uploaded next, and first only checked. */
export async function createImport(project: string, file: Pick<File, "name" | "size">, idempotencyKey: string) {
  const params = { path: { project_id: project }, header: { "Idempotency-Key": idempotencyKey } };
  const body = { file_name: file.name, size: file.size, dry_run: true };
  return keepImport(project, unwrap(await client.POST(LIST, { params, body })));
}

/** Uploads one part; the first has the number 1. A part that is sent twice counts once. */
export async function uploadPart(project: string, id: string, number: number, part: Blob, signal: AbortSignal) {
  const params = { path: { ...at(project, id).path, part: number } };
  unwrap(
    await client.PUT(`${ONE}/parts/{part}`, {
      params,
      // The document calls bytes a string.
      body: "",
      bodySerializer: () => part,
      headers: { "content-type": "application/octet-stream" },
      signal,
    }),
  );
}

/** Begins the check of an uploaded file, or with `dry_run: false` its import. */
export async function startImport(project: string, id: string, body: { dry_run: boolean; mapping?: MappedColumn[] }) {
  queryClient.removeQueries({ queryKey: [...importOptions(project, id).queryKey, "errors"] });
  return keepImport(project, unwrap(await client.POST(`${ONE}/start`, { params: at(project, id), body })));
}

export async function cancelImport(project: string, id: string) {
  return keepImport(project, unwrap(await client.POST(`${ONE}/cancel`, { params: at(project, id) })));
}

/** Rows of the errors as CSV from a cursor on, with the cursor of the rows after them. */
export async function exportImportErrors(
  project: string,
  id: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ text: string; next: string | undefined }> {
  const params = { ...at(project, id), query: { cursor } };
  const answer = await client.GET(`${ONE}/errors/export`, { params, parseAs: "text", signal });
  return { text: unwrap(answer), next: answer.response.headers.get("vestibule-next-cursor") ?? undefined };
}

/** Takes over an import as the API answers it. */
function keepImport(project: string, record: ImportRecord): ImportRecord {
  queryClient.setQueryData(importOptions(project, record.id).queryKey, record);
  queryClient.setQueryData(latestImportOptions(project).queryKey, record);
  return record;
}
