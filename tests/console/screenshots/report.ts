import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { ALBUM, FOLDER, SHEETS } from "./folder.ts";
import { print, type Scene, scenes, wordOn } from "./verdicts.ts";

const INDEX = resolve(FOLDER, "index.html");

/** Prints every scene with its verdict, and makes one page of all sheets. */
export default class Report implements Reporter {
  /** Whether no part of the scenes was asked for. */
  private isWhole = false;
  private hasBegun = false;

  onBegin(): void {
    // The configuration does not say what the command line leaves out.
    const [, , command, option, , ...more] = process.argv;
    this.isWhole = command === "test" && option === "--config" && more.length === 0;
  }

  onTestBegin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    // Pictures of states that are gone would stay.
    if (this.isWhole) for (const folder of [ALBUM, SHEETS]) rmSync(folder, { recursive: true, force: true });
    mkdirSync(ALBUM, { recursive: true });
  }

  onTestEnd({ title }: TestCase, { status, error }: TestResult): void {
    const note = resolve(ALBUM, `${title}.failed`);
    rmSync(note, { force: true });
    if (status === "passed" || status === "skipped") return;
    const [first = ""] = stripVTControlCharacters(error?.message ?? status).split("\n");
    const [locator = ""] = /Locator: .*|waiting for .*/.exec(stripVTControlCharacters(error?.message ?? "")) ?? [];
    writeFileSync(note, `${first} ${locator}`.trim());
  }

  async onEnd({ status }: FullResult): Promise<{ status: FullResult["status"] } | undefined> {
    if (!this.hasBegun) return undefined;
    const taken = scenes();
    writeFileSync(INDEX, pageOf(taken));
    const isDone = print(taken, this.isWhole);
    console.log(`\nSheets to look at: ${SHEETS}\nAll on one page: ${INDEX}`);
    return { status: isDone || status !== "passed" ? status : "failed" };
  }
}

function pageOf(taken: readonly Scene[]): string {
  const sections = taken.map((scene) => {
    const { name, failure } = scene;
    const sheet = relative(FOLDER, resolve(SHEETS, `${name}.webp`));
    const image =
      failure === undefined ? `<a href="${sheet}"><img loading="lazy" src="${sheet}" alt="${name}"></a>` : "";
    return `<section id="${name}"><h2>${name}</h2><p>${escaped(wordOn(scene))}</p>${image}</section>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Pictures of the console</title>
<style>body{font:16px/1.5 system-ui;margin:2rem}h2{font-size:1rem;margin:2rem 0 0}p{margin:0 0 .5rem}img{max-width:100%;border:1px solid #888}</style>
<h1>Pictures of the console</h1>${sections.join("\n")}</html>\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
