import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev` sends API calls: `npm run mock`, or a real `affidavit serve`. */
const API = process.env["AFFIDAVIT_API"] ?? "http://127.0.0.1:8787";

export default defineConfig({
  // Relative, so that the built page works mounted under any prefix.
  base: "./",
  resolve: { alias: [{ find: /^use-sync-external-store\/shim.*$/, replacement: fileURLToPath(new URL("src/syncStore.ts", import.meta.url)) }] },
  plugins: [
    // React Aria carries its own few strings in 30 languages; the page speaks English. Dates follow the browser.
    { ...optimizeLocales.vite({ locales: ["en-US"] }), enforce: "pre" },
    react(),
  ],
  build: {
    outDir: "../src/affidavit/web/static",
    target: "es2022",
    // The served policy is default-src 'self': nothing may become a data: URI or an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": API } },
});
