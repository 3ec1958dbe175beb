import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { mockApi } from "./mock/plugin.ts";

/** Scripts that run before the page's own code. A module script would run after it, and the policy forbids inline ones. */
const FIRST = ["src/first-paint.js", "src/first-load.js"];

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
          const source = readFileSync(script);
          const reference = this.emitFile({ type: "asset", name: basename(script), source });
          text = text.replace(`/${script}`, `/console/${this.getFileName(reference)}`);
        }
        page.source = text;
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

export default defineConfig(({ mode }) => ({
  base: "/console/",
  plugins: [
    react(),
    { ...optimizeLocales.vite({ locales: ["en-US"] }), enforce: "pre" as const },
    firstScripts(),
    brotli(),
    ...(mode === "mock" ? [mockApi()] : []),
  ],
  build: {
    target: "es2023",
    // The policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The code of every first load is one file: it packs better than many, which others would load by parts.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "base", tags: ["$initial"] }] } } },
  },
  server: {
    // The list of common passwords is the API's own, outside of this folder.
    fs: { allow: [".", "../../../shared/domain/src/team/common_passwords.txt"] },
    // A running local stack answers for the API; `npm run dev:mock` needs none.
    proxy: mode === "mock" ? undefined : { "/v1": process.env.VESTIBULE_URL ?? "http://127.0.0.1:9080" },
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
}));
