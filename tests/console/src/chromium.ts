import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { local } from "./stack.ts";

const COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

export interface Installed {
  executablePath: string;
  env: Record<string, string>;
}

/**
 * The browser of these tests: the one that `VESTIBULE_CHROMIUM` names, an installed one, or that of the npm package, which needs no
 * installation and no root. `VESTIBULE_CHROMIUM=npm` takes the last one in any case.
 */
export async function findChromium(): Promise<Installed> {
  const wanted = process.env.VESTIBULE_CHROMIUM;
  if (wanted && wanted !== "npm") return { executablePath: wanted, env: environment() };
  const installed = wanted ? undefined : COMMANDS.flatMap(onPath)[0];
  return installed ? { executablePath: installed, env: environment() } : unpack();
}

function onPath(command: string): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, command)).filter(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Unpacks the package's browser, once, with the libraries and fonts that a bare machine lacks. */
async function unpack(): Promise<Installed> {
  if (process.arch !== "x64") throw new Error("No Chromium is installed, and the npm package has one for x86_64 only.");
  const folder = join(local, "chromium");
  const executablePath = join(folder, "chromium");
  const libraries = join(folder, "al2023", "lib");
  if (!existsSync(executablePath) || !existsSync(libraries)) {
    mkdirSync(folder, { recursive: true });
    // It unpacks into the folder of temporary files, where another user's file of the same name would be run instead.
    const before = process.env.TMPDIR;
    process.env.TMPDIR = folder;
    const { default: chromium, inflate } = await import("@sparticuz/chromium");
    const packed = dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
    await inflate(join(packed, "bin", "al2023.tar.br"));
    await chromium.executablePath();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  const fonts: Record<string, string> = existsSync("/etc/fonts/fonts.conf")
    ? {}
    : { FONTCONFIG_PATH: join(folder, "fonts") };
  // Those of the machine come first, where it has them.
  const own = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", process.env.LD_LIBRARY_PATH];
  const path = [...own, libraries].filter(Boolean).join(":");
  return { executablePath, env: { ...environment(), ...fonts, LD_LIBRARY_PATH: path } };
}

function environment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
