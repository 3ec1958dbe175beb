import { readdirSync } from "node:fs";
import { basename } from "node:path";
import type { FullConfig, FullResult, Reporter, Suite, TestCase, TestResult } from "@playwright/test/reporter";
import { routes } from "./routes.ts";

/** The note that `judge` leaves in a test's result, with the route of the page. */
export const JUDGED = "judged route";

/** Fails a run of all tests in which axe judged no page of some route (U151). */
export default class JudgedRoutes implements Reporter {
  private isWhole = false;
  private ended = 0;
  private readonly judged = new Set<string | undefined>();

  onBegin({ grep, grepInvert, shard }: FullConfig, suite: Suite): void {
    const run = new Set(suite.allTests().map(({ location }) => basename(location.file)));
    const specs = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".spec.ts"));
    this.isWhole = String(grep) === "/.*/" && !grepInvert && !shard && specs.every((name) => run.has(name));
  }

  onTestEnd(_: TestCase, { annotations }: TestResult): void {
    this.ended += 1;
    for (const { type, description } of annotations) if (type === JUDGED) this.judged.add(description);
  }

  async onEnd({ status }: FullResult): Promise<{ status: FullResult["status"] } | undefined> {
    const missing = routes.filter((route) => !this.judged.has(route));
    if (!this.isWhole || this.ended === 0 || status !== "passed" || missing.length === 0) return undefined;
    console.error(`No test judges these pages by axe (U151): ${missing.join(", ")}`);
    return { status: "failed" };
  }
}
