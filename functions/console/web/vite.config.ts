import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import type { Plugin, Rolldown } from "vite";
import { defineConfig } from "vitest/config";
import { mockApi } from "./mock/plugin.ts";

/** Scripts that run before the page's own code. A module script would run after it, and the policy forbids inline ones. */
const FIRST = ["src/first-paint.js", "src/first-load.js"];

/** Stands in the script for the files of each page. */
const NO_FILES = "const FILES = {};";
/** A page as the script names it: its module below `src/pages`. */
const NAMED = /"([a-z-]+\/[a-z-]+-page)"/g;

/** The scripts of each page that a first script names, without those that every page loads. */
function filesOfPages(script: string, bundle: Rolldown.OutputBundle): string {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  const withImports = (name: string, found = new Set<string>()): Set<string> => {
    if (found.has(name)) return found;
    found.add(name);
    for (const next of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) withImports(next, found);
    return found;
  };
  const always = withImports(chunks.find(({ isEntry }) => isEntry)?.fileName ?? "");
  const files = [...script.matchAll(NAMED)].map(([, page]) => {
    const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/src/pages/${page}.tsx`));
    if (!chunk) throw new Error(`there is no page ${page}, which a first script names`);
    const own = [...withImports(chunk.fileName)].filter((name) => !always.has(name));
    return [page, own.map((name) => `/console/${name}`)];
  });
  return JSON.stringify(Object.fromEntries(files));
}

/** The sheets of the styles that the page names besides those of its own code. */
function firstSheets(bundle: Rolldown.OutputBundle): string {
  const chunk = Object.values(bundle).find((file) => file.type === "chunk" && file.name === FIRST_PARTS);
  const sheets = (chunk?.type === "chunk" && chunk.viteMetadata?.importedCss) || [];
  return [...sheets].map((sheet) => `  <link rel="stylesheet" crossorigin href="/console/${sheet}">\n  `).join("");
}

/** Places the first scripts in the page, under names that come from their content. */
function firstScripts(): Plugin {
  return {
    name: "first-scripts",
    transformIndexHtml(html, { server }) {
      return server ? FIRST.reduce((page, script) => page.replace(`/${script}`, `/console/${script}`), html) : html;
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const page = bundle["index.html"];
        if (page?.type !== "asset") return;
        let text = page.source.toString();
        for (const script of FIRST) {
          const plain = readFileSync(script, "utf8");
          const source = plain.replace(NO_FILES, () => `const FILES = ${filesOfPages(plain, bundle)};`);
          const reference = this.emitFile({ type: "asset", name: basename(script), source });
          text = text.replace(`/${script}`, `/console/${this.getFileName(reference)}`);
        }
        page.source = text.replace("</head>", `${firstSheets(bundle)}</head>`);
      },
    },
  };
}

/** Lets a browser compile the base whole while it loads, beside the page's own thread, instead of function by function later on. */
function compileEarly(): Plugin {
  return {
    name: "compile-early",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type === "chunk" && file.isEntry) file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
        }
      },
    },
  };
}

/** Compresses each file that gets smaller by it, once, instead of on every request. */
function brotli(): Plugin {
  return {
    name: "brotli",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const [name, file] of Object.entries(bundle)) {
          // The page gets a nonce with each answer, so it cannot be compressed before.
          if (name === "index.html") continue;
          const plain = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const packed = brotliCompressSync(plain, {
            params: {
              [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
              [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
            },
          });
          if (packed.length < plain.length) this.emitFile({ type: "asset", fileName: `${name}.br`, source: packed });
        }
      },
    },
  };
}

/** Whether a module is one of these, by its path below `src`. */
const isOneOf = (paths: readonly string[]) => (id: string) => paths.some((path) => id.endsWith(`/web/src/${path}`));

/**
 * Styles of the pages that people begin with, in a sheet that the page names: sheets asked for only once the code has come would hold up
 * the first paint. With them, the parts that all of these pages have.
 */
const FIRST_PARTS = "first-parts";
const PARTS = [
  "frame/public-page.module.css",
  "pages/invitation/invitation.module.css",
  "pages/password/new-password-field.module.css",
  "pages/requests/requests.module.css",
  "pages/sign-in/sign-in.module.css",
  "ui/field.module.css",
  "ui/field.tsx",
  "ui/form.module.css",
  "ui/provider-icon.module.css",
  "ui/search-field.module.css",
  "ui/tabs.module.css",
  "ui/time.tsx",
  "ui/toolbar.module.css",
];

/** Other small modules that several pages share, by file: each file costs a call of its own. None holds what is for few of its pages. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  lists: [
    "api/chat-user-pictures.ts",
    "api/connectors.ts",
    "api/providers.ts",
    "days.ts",
    "ui/environment-badge.tsx",
    "ui/provider-icon.tsx",
    "ui/search-field.tsx",
    "ui/strangers-text.tsx",
    "ui/tabs.tsx",
    "ui/toolbar.tsx",
    "ui/use-near.ts",
  ],
  requests: [
    "pages/requests/hint.ts",
    "pages/requests/person-avatar.tsx",
    "texts/en/requests.ts",
    "ui/use-arrivals.ts",
  ],
  forms: [
    "api/auth.ts",
    "pages/sign-in/use-countdown.ts",
    "ui/dialog.tsx",
    "ui/form.tsx",
    "ui/use-form.ts",
    "ui/with-names.tsx",
  ],
  "sign-in": [
    "fragment.ts",
    "frame/public-page.tsx",
    "pages/sign-in/codes.ts",
    "pages/sign-in/sign-in-form.tsx",
    "pages/sign-in/use-refusal.tsx",
    "texts/en/sign-in.ts",
    "ui/password-field.tsx",
  ],
};

export default defineConfig(({ mode }) => ({
  base: "/console/",
  plugins: [
    react(),
    { ...optimizeLocales.vite({ locales: ["en-US"] }), enforce: "pre" as const },
    firstScripts(),
    compileEarly(),
    brotli(),
    ...(mode === "mock" ? [mockApi()] : []),
  ],
  build: {
    target: "es2023",
    // The policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // The code of every first load is one file: it packs better than many, which others would load by parts.
            { name: "base", tags: ["$initial"] },
            { name: FIRST_PARTS, test: isOneOf(PARTS) },
            ...Object.entries(SHARED).map(([name, modules]) => ({ name, test: isOneOf(modules) })),
          ],
        },
      },
    },
  },
  server: {
    // The list of common passwords is the API's own, outside of this folder.
    fs: { allow: [".", "../../../shared/domain/src/team/common_passwords.txt"] },
    // A running local stack answers for the API; `npm run dev:mock` needs none.
    proxy: mode === "mock" ? undefined : { "/v1": process.env.VESTIBULE_URL ?? "http://127.0.0.1:9080" },
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
}));
