import type { ImportRecord } from "../src/api/imports";
import { ago, id } from "./data.ts";
import { change, created, ok, page, problem, type Routes } from "./reply.ts";

const TOTAL = 5_000;
const SECONDS = 8;

const imports: (ImportRecord & { began: number })[] = [];

const ERRORS = [
  [17, "Phone Number", "phone", "Enter the number in international format with at least 10 digits"],
  [204, "Email", "email", "Invalid Email"],
  [4_711, "", "twice", "The person stands in line 12 already"],
].map(([line, column, rule, message]) => ({ line, column, rule, message }));

/** Moves an import on as far as the time that has passed. */
function goOn(record: ImportRecord & { began: number }): void {
  if (record.status !== "checking" && record.status !== "importing") return;
  const share = Math.min(1, (Date.now() - record.began) / (SECONDS * 1_000));
  if (share === 1) record.status = record.dry_run ? "checked" : "done";
  record.settled = Math.round(TOTAL * share);
  record.rows = share < 0.2 ? null : TOTAL;
  record.mistakes = Math.round(3 * share);
  record.counts = {
    new: Math.round(1_204 * share),
    changed: Math.round(12 * share),
    unchanged: Math.round((TOTAL - 1_219) * share),
    errors: Math.round(3 * share),
  };
}

const one = (own: string | undefined, by: Parameters<typeof change<(typeof imports)[number]>>[2]) =>
  change(imports, (known) => known.id === own, by);

/** Imports of users. A file whose name has “fail” in it cannot be read. */
export const importsRoutes: Routes = [
  [
    "POST /v1/projects/*/end-users/imports",
    ({ body }) => {
      const record = {
        id: id(),
        file_name: body.file_name,
        size: body.size,
        dry_run: body.dry_run,
        status: "uploading" as const,
        counts: { new: 0, changed: 0, unchanged: 0, errors: 0 },
        received: 0,
        cancel_requested: false,
        rows: null,
        settled: 0,
        mistakes: 0,
        mapping: [],
        columns: [
          { name: "Phone", field: "phone" as const },
          { name: "E-mail", field: "email" as const },
          { name: "First Name", field: "first_name" as const },
          { name: "Spitzname", field: null },
          { name: "Umgebung", field: null },
        ],
        unknown_columns: ["Spitzname", "Umgebung"],
        problems: [],
        started_by: { id: id(), name: "Ana Sousa" },
        created_at: ago(0),
        updated_at: ago(0),
        version: 0,
        began: 0,
      };
      imports.push(record);
      return created(record);
    },
  ],
  ["PUT /v1/projects/*/end-users/imports/*/parts/*", () => ok()],
  [
    "POST /v1/projects/*/end-users/imports/*/start",
    ({ body }, [, own]) =>
      one(own, (record) => {
        record.dry_run = body.dry_run;
        record.began = Date.now();
        record.status = body.dry_run ? "checking" : "importing";
        record.rows = null;
        record.settled = 0;
        if (body.mapping) {
          record.mapping = body.mapping;
          record.unknown_columns = [];
        }
        if (record.file_name.includes("fail")) {
          record.status = "failed";
          record.problems = [
            { line: 1, column: "", rule: "missing_column", message: "There is no column for the phone number" },
          ];
        }
        return undefined;
      }),
  ],
  [
    "POST /v1/projects/*/end-users/imports/*/cancel",
    (_, [, own]) =>
      one(own, (record) => {
        if (record.status === "done") return problem(409, "import-done", "The import is done", "Nothing to cancel.");
        record.status = "cancelled";
        return undefined;
      }),
  ],
  [
    "GET /v1/projects/*/end-users/imports/*/errors/export",
    () => ({
      status: 200,
      body: ["line,column,rule,message", ...ERRORS.map((error) => Object.values(error).join(",")), ""].join("\r\n"),
      headers: { "content-type": "text/csv" },
    }),
  ],
  ["GET /v1/projects/*/end-users/imports/*/errors", (call) => page(call, ERRORS)],
  [
    "GET /v1/projects/*/end-users/imports",
    (call) => {
      for (const record of imports) goOn(record);
      return page(call, imports.toReversed());
    },
  ],
  [
    "GET /v1/projects/*/end-users/imports/*",
    (_, [, own]) =>
      one(own, (record) => {
        goOn(record);
        return undefined;
      }),
  ],
];
