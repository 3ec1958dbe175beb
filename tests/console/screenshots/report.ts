import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { FullResult, Reporter } from "@playwright/test/reporter";
import { ALBUM, FORMS, THEMES } from "./album.ts";
import { pageOf, pages } from "./routes.ts";

const VERDICTS = resolve(import.meta.dirname, "verdicts.txt");
const INDEX = resolve(ALBUM, "..", "index.html");

/** Prints every picture with its verdict, and makes one page of all of them. */
export default class Report implements Reporter {
  /** Whether no part of the pictures was asked for. */
  private readonly isWhole = !process.argv.includes("--grep");

  onBegin(): void {
    // Pictures of states that are gone would stay.
    if (this.isWhole) rmSync(ALBUM, { recursive: true, force: true });
  }

  async onEnd(result: FullResult): Promise<{ status: FullResult["status"] }> {
    const taken = pictures();
    const verdicts = readVerdicts();
    writeFileSync(INDEX, contactSheet(taken, verdicts));
    const problems = findings(taken, verdicts, this.isWhole);
    for (const name of taken.keys()) console.log(`${name}  ${verdicts.get(name) ?? "OPEN: nobody looked at it"}`);
    const open = [...taken.keys()].filter((name) => !isClosed(verdicts.get(name)));
    console.log(`\n${taken.size} pictures in four forms, ${open.length} open: ${INDEX}`);
    for (const problem of problems) console.log(`ERROR: ${problem}`);
    return { status: problems.length > 0 && result.status === "passed" ? "failed" : result.status };
  }
}

/** Every picture by its name, with the path of its page. */
function pictures(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(ALBUM).sort()) {
    if (!file.endsWith(".json")) continue;
    found.set(file.slice(0, -".json".length), JSON.parse(readFileSync(resolve(ALBUM, file), "utf8")).path);
  }
  return found;
}

/** One line each: the name, then the verdict. `#` begins a comment. */
function readVerdicts(): Map<string, string> {
  const lines = readFileSync(VERDICTS, "utf8").split("\n");
  const said = lines.filter((line) => line && !line.startsWith("#"));
  return new Map(said.map((line) => [line.split(/\s/)[0] ?? "", line.replace(/^\S+\s*/, "")]));
}

/** A verdict that begins otherwise says what is still wrong. */
function isClosed(verdict: string | undefined): boolean {
  return verdict?.startsWith("ok") ?? false;
}

function findings(taken: Map<string, string>, verdicts: Map<string, string>, isWhole: boolean): string[] {
  const open = [...taken.keys()].filter((name) => !isClosed(verdicts.get(name)));
  const found = open.map((name) => `${name} is open: ${verdicts.get(name) ?? "no verdict"}`);
  if (!isWhole) return found;
  const missing = [...verdicts.keys()].filter((name) => !taken.has(name));
  found.push(...missing.map((name) => `the verdict on ${name} is about no picture`));
  const all = pages();
  const shown = new Set([...taken.values()].map((path) => pageOf(path, all)));
  found.push(...all.filter((page) => !shown.has(page)).map((page) => `there is no picture of ${page}`));
  return found;
}

function contactSheet(taken: Map<string, string>, verdicts: Map<string, string>): string {
  const sections = [...taken.keys()].map((name) => {
    const images = FORMS.flatMap(({ form }) =>
      THEMES.map((theme) => `album/${name}--${form}--${theme}.png`).map(
        (source) => `<a href="${source}"><img loading="lazy" src="${source}" alt="${source}"></a>`,
      ),
    );
    return `<section id="${name}"><h2>${name}</h2><p>${verdicts.get(name) ?? "OPEN"}</p>${images.join("")}</section>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Pictures of the console</title>
<style>body{font:16px/1.5 system-ui;margin:2rem}h2{font-size:1rem;margin:2rem 0 0}p{margin:0 0 .5rem}img{height:20rem;border:1px solid #888;margin-right:.5rem}</style>
<h1>Pictures of the console</h1>${sections.join("\n")}</html>\n`;
}
