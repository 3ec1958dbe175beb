import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { routeOf, routes } from "../src/routes.ts";
import { ALBUM } from "./folder.ts";

const VERDICTS = resolve(import.meta.dirname, "verdicts.txt");
const OK = "ok";
const VERDICT = /^(ok|open: .+)$/;

/** A scene as the last run left it. */
export interface Scene {
  name: string;
  /** Path of its page; of a scene that failed, there is none. */
  path?: string;
  /** The reason for which there is no picture. */
  failure?: string;
  verdict: string | undefined;
}

/** Every scene in the album, and every one that failed, by its name. */
export function scenes(): Scene[] {
  const verdicts = readVerdicts();
  const files = existsSync(ALBUM) ? readdirSync(ALBUM) : [];
  const read = (file: string) => readFileSync(resolve(ALBUM, file), "utf8");
  const found = new Map<string, Scene>();
  for (const file of files) {
    const [, name = "", kind] = /^(.+)\.(json|failed)$/.exec(file) ?? [];
    if (!name) continue;
    const known = found.get(name) ?? { name, verdict: verdicts.get(name) };
    found.set(name, {
      ...known,
      ...(kind === "failed" ? { failure: read(file) } : { path: JSON.parse(read(file)).path }),
    });
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The last word on a scene. */
export function wordOn({ failure, verdict }: Scene): string {
  return failure === undefined ? (verdict ?? "open: nobody looked at it") : `FAILED: ${failure}`;
}

/** The reasons why the pictures are not done: scenes that are open or failed; of a whole run, also pages without a picture and verdicts on nothing. */
export function findings(taken: readonly Scene[], isWhole: boolean): string[] {
  const found = taken.filter((scene) => wordOn(scene) !== OK).map((scene) => `${scene.name}: ${wordOn(scene)}`);
  const verdicts = readVerdicts();
  for (const [name, verdict] of verdicts) {
    if (!VERDICT.test(verdict)) found.push(`the verdict on ${name} is neither “ok” nor “open: …”`);
  }
  if (!isWhole) return found;
  const names = new Set(taken.map(({ name }) => name));
  found.push(
    ...[...verdicts.keys()].filter((name) => !names.has(name)).map((name) => `${name} has a verdict and no picture`),
  );
  const shown = new Set(taken.map(({ path }) => path && routeOf(path)));
  found.push(...routes.filter((route) => !shown.has(route)).map((route) => `there is no picture of ${route}`));
  return found;
}

/** Prints every scene with its verdict, then what keeps them from being done; whether nothing does. */
export function print(taken: readonly Scene[], isWhole: boolean): boolean {
  for (const scene of taken) console.log(`${scene.name}  ${wordOn(scene)}`);
  const found = findings(taken, isWhole);
  const open = taken.filter((scene) => wordOn(scene) !== OK);
  console.log(`\n${taken.length} scenes in four forms, ${open.length} open`);
  for (const problem of found) console.log(`ERROR: ${problem}`);
  return found.length === 0;
}

/** One line each: the name, then the verdict. `#` begins a comment. */
function readVerdicts(): Map<string, string> {
  const lines = readFileSync(VERDICTS, "utf8").split("\n");
  const said = lines.filter((line) => line && !line.startsWith("#"));
  return new Map(said.map((line) => [line.split(/\s/)[0] ?? "", line.replace(/^\S+\s*/, "").trim()]));
}
