import { fileURLToPath } from "node:url";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The export form as a library for React applications: one ES module and one style sheet. React stays the application's own. */
export default defineConfig({
  resolve: { alias: [{ find: /^use-sync-external-store\/shim.*$/, replacement: fileURLToPath(new URL("src/syncStore.ts", import.meta.url)) }] },
  plugins: [{ ...optimizeLocales.vite({ locales: ["en-US"] }), enforce: "pre" }, react()],
  // In a page without a bundler there is no process.
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    outDir: "dist",
    target: "es2022",
    copyPublicDir: false,
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "affidavit-ui.js", cssFileName: "affidavit-ui" },
    rolldownOptions: { external: [/^react($|\/)/, /^react-dom($|\/)/], output: { minify: true } },
  },
});
