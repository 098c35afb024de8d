/** Node's side: files, zlib, and the command. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";
import { type Platform, type Scratch, type Source, SourceError } from "./source.ts";
import { parseTrust, TRUST_BYTES_MAX, TrustRefused } from "./trust.ts";
import { failed, NAMES, type Result } from "./verdict.ts";
import { verifyBundle } from "./verify.ts";

const PACKED_CHUNK = 32 * 1024;
const EXIT_FAILED = 8;
const EXIT_USAGE = 2;

class FileSource implements Source {
  readonly size: number;
  readonly fd: number;
  constructor(path: string) {
    this.fd = openSync(path, "r");
    this.size = fstatSync(this.fd).size;
  }
  async read(from: number, to: number): Promise<Uint8Array> {
    const out = new Uint8Array(to - from);
    let at = 0;
    while (at < out.length) {
      const read = readSync(this.fd, out, at, out.length - at, from + at);
      if (read === 0) throw new SourceError("The bundle became shorter while it was read.");
      at += read;
    }
    return out;
  }
  close(): void {
    closeSync(this.fd);
  }
}

async function* slices(source: Source, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += PACKED_CHUNK) yield source.read(at, Math.min(at + PACKED_CHUNK, to));
}

/** Pages in memory until there are many, then in a file that has no name any more. */
class FileScratch implements Scratch {
  private readonly held: Uint8Array[] = [];
  private fd = -1;
  private count = 0;
  private bytes = 0;

  append(page: Uint8Array): void {
    if (this.fd < 0 && this.held.length < 64) {
      this.held.push(page);
      this.count++;
      return;
    }
    if (this.fd < 0) {
      const folder = mkdtempSync(join(tmpdir(), "verify-"));
      this.fd = openSync(join(folder, "entries"), "wx+", 0o600);
      rmSync(folder, { recursive: true });
    }
    this.bytes = page.length;
    writeSync(this.fd, page, 0, page.length, (this.count++ - this.held.length) * page.length);
  }

  async page(n: number): Promise<Uint8Array> {
    if (n < this.held.length) return this.held[n];
    const out = new Uint8Array(this.bytes);
    readSync(this.fd, out, 0, out.length, (n - this.held.length) * this.bytes);
    return out;
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }
}

const platform: Platform = {
  async *inflate(source, from, to) {
    const inflate = createInflateRaw({ chunkSize: 64 * 1024 });
    const input = Readable.from(slices(source, from, to), { objectMode: true, highWaterMark: 1 });
    input.on("error", (error) => inflate.destroy(error));
    input.pipe(inflate);
    try {
      for await (const chunk of inflate) yield chunk as Uint8Array;
    } finally {
      input.destroy();
      inflate.destroy();
    }
    if (inflate.bytesWritten !== to - from) throw new Error("bytes follow the end of the stream");
  },
  scratch: () => new FileScratch(),
  newHash: () => createHash("sha256"),
};

function readTrust(path: string): ReturnType<typeof parseTrust> {
  const fd = openSync(path, "r");
  const tooLong = fstatSync(fd).size > TRUST_BYTES_MAX;
  closeSync(fd);
  if (tooLong) throw new TrustRefused(`The trust file has more than ${TRUST_BYTES_MAX} bytes.`);
  return parseTrust(readFileSync(path));
}

async function verifyFiles(bundle: string, trust: string): Promise<Result> {
  const trusted = readTrust(trust);
  const source = new FileSource(bundle);
  try {
    return await verifyBundle(source, trusted, platform);
  } finally {
    source.close();
  }
}

const USAGE = `Usage: node verify.mjs BUNDLE --trust FILE [--json]
       node verify.mjs --batch < LINES       each line: BUNDLE TAB TRUST; one JSON object a line is printed

Checks a bundle offline. Ends with 0 where nothing FAILs, with ${EXIT_FAILED} where something does, with ${EXIT_USAGE} where it
could not begin: no such file, or a trust file that is not in form. The trust file never comes from the bundle.
`;

async function batch(): Promise<number> {
  let code = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    const [bundle, trust] = line.split("\t");
    let answer: unknown;
    try {
      const result = await verifyFiles(bundle, trust);
      if (failed(result)) code = EXIT_FAILED;
      answer = result;
    } catch (error) {
      code = EXIT_FAILED;
      answer = { refused: error instanceof TrustRefused, error: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  return code;
}

function words(result: Result): string {
  const verdicts = NAMES.map((name) => `${name.padEnd(13)} ${result.verdicts[name].status.padEnd(11)} ${result.verdicts[name].reason}`);
  const steps = result.steps.map((step) => `${step.number}. ${step.title}: ${step.status}${step.notes.map((note) => `\n     ${note}`).join("")}`);
  return `${verdicts.join("\n")}\n\n${steps.join("\n")}\n`;
}

async function main(args: string[]): Promise<number> {
  if (args.length === 1 && args[0] === "--batch") return batch();
  const json = args.includes("--json");
  const rest = args.filter((arg) => arg !== "--json");
  const at = rest.indexOf("--trust");
  if (rest.length !== 3 || at < 0 || at === 2) {
    process.stderr.write(USAGE);
    return EXIT_USAGE;
  }
  const trust = rest[at + 1];
  const [bundle] = rest.filter((_, n) => n !== at && n !== at + 1);
  try {
    const result = await verifyFiles(bundle, trust);
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : words(result));
    return failed(result) ? EXIT_FAILED : 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_USAGE;
  }
}

process.exitCode = await main(process.argv.slice(2));
