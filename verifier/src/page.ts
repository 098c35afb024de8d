/** The page, and its two workers: the same script runs as all three. */
import { type Platform, Reader, type Scratch, type Source, SourceError } from "./source.ts";
import { parseTrust, type Trust, TRUST_BYTES_MAX, TrustRefused } from "./trust.ts";
import { type Name, NAMES, type Result, type Status, STEPS } from "./verdict.ts";
import { type Progress, verifyBundle } from "./verify.ts";
import { Archive } from "./zip.ts";

const PACKED_CHUNK = 32 * 1024;

class BlobSource implements Source {
  readonly size: number;
  private readonly blob: Blob;
  constructor(blob: Blob) {
    this.blob = blob;
    this.size = blob.size;
  }
  async read(from: number, to: number): Promise<Uint8Array> {
    try {
      return new Uint8Array(await this.blob.slice(from, to).arrayBuffer());
    } catch (error) {
      throw new SourceError(`The bundle could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Pages as blobs, which browsers keep on disk. */
class BlobScratch implements Scratch {
  private readonly pages: Blob[] = [];
  append(page: Uint8Array): void {
    this.pages.push(new Blob([page as Uint8Array<ArrayBuffer>]));
  }
  async page(n: number): Promise<Uint8Array> {
    return new Uint8Array(await this.pages[n].arrayBuffer());
  }
  close(): void {
    this.pages.length = 0;
  }
}

const platform: Platform = {
  async *inflate(source, from, to) {
    const stream = new DecompressionStream("deflate-raw");
    const writer = stream.writable.getWriter();
    const feed = async (): Promise<void> => {
      for (let at = from; at < to; at += PACKED_CHUNK) await writer.write((await source.read(at, Math.min(at + PACKED_CHUNK, to))) as Uint8Array<ArrayBuffer>);
      await writer.close();
    };
    feed().catch((error: unknown) => writer.abort(error).catch(() => undefined)); // The reader meets the same error.
    const reader = stream.readable.getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  },
  scratch: () => new BlobScratch(),
};

// --- workers ---

type Order = { kind: "verify"; bundle: Blob; trust: Trustable } | { kind: "hash"; bundle: Blob } | { kind: "hashes"; hashes: Map<string, string> };
type Trustable = Uint8Array;
type Report =
  | { kind: "progress"; progress: Progress }
  | { kind: "result"; result: Result }
  | { kind: "hashes"; hashes: Map<string, string> }
  | { kind: "refused"; message: string; trust: boolean };

/** SHA-256 of every member, by a worker of its own. What goes wrong here goes wrong in the other worker as well. */
async function hashAll(bundle: Blob): Promise<Map<string, string>> {
  try {
    const archive = await Archive.open(new BlobSource(bundle), platform);
    for (const name of archive.members.keys()) await new Reader(archive.chunks(name)).drain();
    return archive.hashes;
  } catch {
    return new Map();
  }
}

function refusal(error: unknown): Report {
  return { kind: "refused", message: error instanceof Error ? error.message : String(error), trust: error instanceof TrustRefused };
}

function work(): void {
  const say = (report: Report): void => self.postMessage(report);
  let hashed: (hashes: Map<string, string>) => void = () => undefined;
  const hashes = new Promise<Map<string, string>>((resolve) => (hashed = resolve));
  self.onmessage = (event: MessageEvent<Order>) => {
    const order = event.data;
    if (order.kind === "hashes") hashed(order.hashes);
    else if (order.kind === "hash") void hashAll(order.bundle).then((all) => say({ kind: "hashes", hashes: all }));
    else {
      let last = 0;
      const onProgress = (progress: Progress): void => {
        const now = Date.now();
        if (now - last < 100) return;
        last = now;
        say({ kind: "progress", progress });
      };
      let trust: Trust;
      try {
        trust = parseTrust(order.trust);
      } catch (error) {
        say(refusal(error));
        return;
      }
      verifyBundle(new BlobSource(order.bundle), trust, { ...platform, hashes: () => hashes }, onProgress)
        .then((result) => say({ kind: "result", result }))
        .catch((error: unknown) => say(refusal(error)));
    }
  };
}

// --- page ---

const MEANING: Record<Name, string> = {
  AUTHENTIC: "The log’s keys signed what is here, and the operator attested this bundle.",
  COMPLETE: "Every entry of the window is here, and each that the query asks for was exported.",
  TIMED: "An independent clock dates it.",
  WITNESSED: "Independent witnesses saw this tree.",
  "VIEW MATCHES": "The data file follows from the evidence.",
};
const CHIP: Record<Status, { kind: string; path: string }> = {
  PASS: { kind: "pass", path: "M2.5 8.5 6 12l7.5-8" },
  FAIL: { kind: "fail", path: "M3.5 3.5l9 9m0-9l-9 9" },
  "NOT PROVEN": { kind: "open", path: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2" },
};
const FACTS: [string, string][] = [
  ["tenant", "Tenant, by the trust file"], ["export", "Export"], ["created", "Made"], ["attested", "Attested"], ["rows", "Rows, by the manifest"],
  ["format", "Data file"], ["zone", "Zone"], ["evidence", "Evidence"], ["manifest_sha256", "SHA-256 of manifest.json"],
];

function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function element(tag: string, className: string, text = "", children: Node[] = []): HTMLElement {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  if (text !== "") made.textContent = text;
  made.append(...children);
  return made;
}

function chip(status: Status): HTMLElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", CHIP[status].path);
  svg.append(path);
  return element("span", `chip ${CHIP[status].kind}`, "", [svg, document.createTextNode(status)]);
}

function sentence(text: string): string {
  const first = /^[a-z_]+\./.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return first === "" || /[.!?]$/.test(first) ? first : `${first}.`;
}

function show(result: Result): void {
  byId("verdicts").replaceChildren(
    ...NAMES.map((name) => {
      const { status, reason } = result.verdicts[name];
      const said = reason === "" ? [] : [element("p", "", sentence(reason))];
      const meaning = element("p", "", status === "PASS" ? MEANING[name] : `PASS would say: ${MEANING[name]}`);
      const words = status === "PASS" ? [meaning, ...said] : [...said, meaning];
      return element("li", "", "", [element("span", "name", name), chip(status), element("div", "reason", "", words)]);
    }),
  );
  byId("facts").replaceChildren(
    ...FACTS.filter(([key]) => result.facts[key] !== undefined).flatMap(([key, label]) => [
      element("dt", "", label), element("dd", key === "manifest_sha256" || key === "export" ? "hash" : "", String(result.facts[key])),
    ]),
  );
  byId("steps").replaceChildren(
    ...result.steps.map((step) => {
      const notes = step.notes.length === 0 ? [] : [element("ul", "", "", step.notes.map((note) => element("li", "", sentence(note))))];
      return element("li", "", "", [element("span", "title", `${step.number}. ${step.title} `), element("span", "state", step.status), ...notes]);
    }),
  );
  byId("result").hidden = false;
}

class Page {
  private readonly script: string;
  private workers: Worker[] = [];
  private url = "";
  private readonly chosen: { bundle: File | null; trust: File | null } = { bundle: null, trust: null };

  constructor(script: string) {
    this.script = script;
    byId<HTMLFormElement>("form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.verify();
    });
    byId("stop").addEventListener("click", () => {
      this.end();
      this.status("Stopped. No verdict was reached.");
    });
    for (const which of ["bundle", "trust"] as const) {
      byId<HTMLInputElement>(which).addEventListener("change", (event) => {
        this.chosen[which] = (event.target as HTMLInputElement).files?.[0] ?? null;
        byId(`${which}-error`).textContent = "";
      });
    }
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("over");
    });
    document.addEventListener("dragleave", () => document.body.classList.remove("over"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("over");
      this.drop([...(event.dataTransfer?.files ?? [])]);
    });
  }

  private drop(files: File[]): void {
    for (const file of files) {
      const which = file.name.toLowerCase().endsWith(".json") ? "trust" : "bundle";
      const list = new DataTransfer();
      list.items.add(file);
      byId<HTMLInputElement>(which).files = list.files;
      this.chosen[which] = file;
      byId(`${which}-error`).textContent = "";
    }
    if (this.chosen.bundle !== null && this.chosen.trust !== null) void this.verify();
  }

  private status(text: string, bad = false): void {
    const status = byId("status");
    status.textContent = text;
    status.className = bad ? "bad" : "";
  }

  private async verify(): Promise<void> {
    const { bundle, trust } = this.chosen;
    byId("bundle-error").textContent = bundle === null ? "Choose the bundle, a zip." : "";
    byId("trust-error").textContent = trust === null ? "Choose the trust file. Ask the log’s operator, or better somebody else, for it." : "";
    if (bundle === null || trust === null) {
      byId(bundle === null ? "bundle" : "trust").focus();
      return;
    }
    this.end();
    byId("result").hidden = true;
    if (trust.size > TRUST_BYTES_MAX) {
      this.status(`The trust file has ${trust.size} bytes, more than ${TRUST_BYTES_MAX}. Is it the right file?`, true);
      return;
    }
    byId("running").hidden = false;
    byId("stop").hidden = false;
    this.status("Checking the bundle.");
    try {
      this.start(bundle, new Uint8Array(await trust.arrayBuffer()));
    } catch (error) {
      this.answer(refusal(error));
    }
  }

  private start(bundle: File, trust: Uint8Array): void {
    const url = URL.createObjectURL(new Blob([this.script], { type: "text/javascript" }));
    const [verifier, hasher] = [new Worker(url), new Worker(url)];
    this.workers = [verifier, hasher];
    for (const worker of this.workers) {
      worker.onerror = (event) => this.answer({ kind: "refused", trust: false, message: event.message || "This browser did not start the verifier." });
      worker.onmessage = (event: MessageEvent<Report>) => {
        if (event.data.kind === "hashes") verifier.postMessage(event.data satisfies Order);
        else this.answer(event.data);
      };
    }
    verifier.postMessage({ kind: "verify", bundle, trust } satisfies Order);
    hasher.postMessage({ kind: "hash", bundle } satisfies Order);
    this.url = url;
  }

  private answer(report: Report): void {
    if (report.kind === "progress") {
      const { step, done, all } = report.progress;
      byId<HTMLProgressElement>("progress").value = all > 0 ? done / all : 0;
      byId("where").textContent = `${STEPS[step]}, ${(done / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB`;
      return;
    }
    this.end();
    if (report.kind === "refused") {
      this.status(report.trust ? report.message : `The check could not be done, and there is no verdict: ${report.message}`, true);
      return;
    }
    if (report.kind !== "result") return;
    show(report.result);
    this.status(`Done. ${NAMES.map((name) => `${name}: ${report.result.verdicts[name].status}`).join(", ")}.`);
    byId("result-title").focus();
  }

  private end(): void {
    for (const worker of this.workers) worker.terminate();
    this.workers = [];
    URL.revokeObjectURL(this.url);
    byId("running").hidden = true;
    byId("stop").hidden = true;
    byId<HTMLProgressElement>("progress").value = 0;
    byId("where").textContent = "";
  }
}

if (typeof document === "undefined") work();
else new Page(document.currentScript?.textContent ?? "");
