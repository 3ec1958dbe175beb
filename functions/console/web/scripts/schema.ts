// Makes the types of the API from its description, which the Rust tests keep current.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const description = new URL("../../../../infra/openapi.json", import.meta.url);
const types = new URL("../src/api/schema.d.ts", import.meta.url);

const text = astToString(await openapiTS(description));
const current = await readFile(types, "utf8").catch(() => "");
if (current !== text) await writeFile(types, text);
