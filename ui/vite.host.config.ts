import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** A page that has the library twice under hostile styles, for tests/browser/test_library.py. */
export default defineConfig({ root: "dev/host", base: "./", plugins: [react()], build: { outDir: "../../dist/host", emptyOutDir: true, target: "es2022" } });
