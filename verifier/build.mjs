// Builds dist/: verify.mjs for Node, verify.html for browsers. The same sources give the same bytes.
// `--tests` bundles the unit tests into out/; `--out FOLDER` builds elsewhere, for comparing.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const HTML_BYTES_MAX = 150_000;
const common = { bundle: true, absWorkingDir: here, charset: "utf8", legalComments: "none", target: "es2022", write: false };

async function bundled(entry, options) {
  const { outputFiles } = await build({ ...common, entryPoints: [entry], ...options });
  return outputFiles[0].text;
}

function digest(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

async function page() {
  const script = await bundled("src/page.ts", { format: "iife", platform: "browser", minify: true });
  // A closing tag inside the script would end it.
  if (/<\/script|<!--/i.test(script)) throw new Error("The script holds a tag that would end it.");
  const style = readFileSync(join(here, "src/page.css"), "utf8").replace(/\/\*[^]*?\*\/\n?/g, "");
  const policy = [
    "default-src 'none'", `script-src ${digest(script)} blob:`, `style-src ${digest(style)}`, "worker-src blob:",
    "base-uri 'none'", "form-action 'none'",
  ].join("; ");
  // Functions as replacements: `$` in them means nothing.
  const html = readFileSync(join(here, "src/page.html"), "utf8")
    .replace("{{policy}}", () => policy).replace("{{style}}", () => style).replace("{{script}}", () => script);
  if (Buffer.byteLength(html) > HTML_BYTES_MAX) throw new Error(`verify.html has more than ${HTML_BYTES_MAX} bytes.`);
  return html;
}

const args = process.argv.slice(2);
if (args.includes("--tests")) {
  mkdirSync(join(here, "out"), { recursive: true });
  for (const name of readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"))) {
    const text = await bundled(`test/${name}`, { format: "esm", platform: "node" });
    writeFileSync(join(here, "out", name.replace(/\.ts$/, ".mjs")), text);
  }
} else {
  const at = args.indexOf("--out");
  const out = at < 0 ? join(here, "dist") : args[at + 1];
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "verify.mjs"), await bundled("src/node.ts", { format: "esm", platform: "node", minifyWhitespace: true }));
  if (!args.includes("--no-page")) writeFileSync(join(out, "verify.html"), await page());
}
