/** The verification, step by step, with the numbers of docs/format.md. */
import { decodeText, equalBytes, malformed, Malformed, toHex } from "./bytes.ts";
import { CLOCK_SKEW_S, keyText, T } from "./entry.ts";
import { LINE_BYTES_MAX, lastPurged, LINES_MAX, type LoggedEvent, parseEvent, SUPPORT_BYTES_MAX } from "./event.ts";
import { count, type Gap, inOrder, unlawful } from "./gaps.ts";
import { hash } from "./hash.ts";
import { compactJson, parseJson } from "./json.ts";
import { type LogFound, LogWalk, PageCache } from "./logs.ts";
import { type BundledLog, type Manifest, MANIFEST_BYTES_MAX, parseManifest } from "./manifest.ts";
import { type Checkpoint, CHECKPOINT_BYTES_MAX, holds, isBy, parseCheckpoint } from "./note.ts";
import { GAP_ACTIONS } from "./own.ts";
import { UNKNOWN } from "./query.ts";
import { Rows } from "./rows.ts";
import { type Platform, Reader, type Scratch, type Source } from "./source.ts";
import { compareTimes, isBeforeBy } from "./time.ts";
import { type Trust } from "./trust.ts";
import { ascii } from "./bytes.ts";
import { Findings, type Result } from "./verdict.ts";
import { Archive } from "./zip.ts";

export interface Progress {
  step: number;
  /** Unpacked bytes read, and all there are. */
  done: number;
  all: number;
}

class Verification {
  private readonly findings = new Findings();
  private readonly facts: Record<string, unknown> = {};
  private readonly scratches: Scratch[] = [];
  private readonly source: Source;
  private readonly trust: Trust;
  private readonly platform: Platform;
  private readonly onProgress: (progress: Progress) => void;
  private step = 0;
  private archive!: Archive;
  private manifest!: Manifest;
  private manifestHash = "";
  private checkpoints: Checkpoint[] = [];

  constructor(source: Source, trust: Trust, platform: Platform, onProgress: (progress: Progress) => void) {
    this.source = source;
    this.trust = trust;
    this.platform = platform;
    this.onProgress = onProgress;
  }

  async run(): Promise<Result> {
    try {
      await this.steps();
      return this.findings.result(this.facts);
    } catch (error) {
      if (error instanceof Malformed) return this.findings.ended(this.step, error.message, this.facts);
      throw error;
    } finally {
      for (const scratch of this.scratches) scratch.close();
    }
  }

  private async steps(): Promise<void> {
    await this.container();
    const hashes = this.platform.hashes?.([...this.manifest.files.keys()]);
    hashes?.catch(() => undefined); // looked at below, where it is awaited
    this.begin(1);
    await this.signatures();
    this.begin(2);
    this.findings.doubt("TIMED", 2, "timestamps are not checked here");
    this.begin(8);
    const attestation = await this.attestation();
    const support = await this.support();
    this.begin(3);
    const logs = await this.logs(support, attestation);
    const erased = this.erasures(support);
    this.begin(4);
    this.gaps(logs, support);
    this.begin(5);
    await this.rows(logs, erased);
    this.begin(8);
    await this.rest();
    this.fileHashes(hashes === undefined ? this.archive.hashes : await hashes);
  }

  private begin(step: number): void {
    this.step = step;
    this.findings.done(step);
  }

  // --- 0 ---

  private async container(): Promise<void> {
    this.archive = await Archive.open(this.source, this.platform);
    let done = 0;
    let all = 0;
    for (const member of this.archive.members.values()) all += member.size;
    this.archive.onBytes = (bytes) => this.onProgress({ step: this.step, done: (done += bytes), all });
    const bytes = await this.archive.whole("manifest.json", MANIFEST_BYTES_MAX);
    this.manifestHash = toHex(hash(bytes));
    this.manifest = parseManifest(bytes);
    const manifest = this.manifest;
    const wanted = new Set(["manifest.json", "attestation.json", ...manifest.files.keys()]);
    for (const { k } of manifest.logs) for (const name of ["checkpoint", "proof"]) wanted.add(`${name}.${k}`);
    for (const name of wanted) if (!this.archive.members.has(name)) malformed(`${name} is missing`);
    for (const name of this.archive.members.keys()) {
      const stamp = /^timestamp\.([0-9]+)\./.exec(name);
      if (!wanted.has(name) && (stamp === null || Number(stamp[1]) >= manifest.logs.length)) malformed(`${name} is not in the manifest`);
    }
    if (manifest.tenant !== this.trust.tenant) {
      this.findings.fail("AUTHENTIC", 0, `the bundle is of the tenant ${JSON.stringify(manifest.tenant).slice(0, 80)}, the trust file of ${JSON.stringify(this.trust.tenant).slice(0, 80)}`);
    }
    this.facts.export = manifest.exportId;
    this.facts.created = manifest.created;
    this.facts.tenant = this.trust.name;
    this.facts.rows = manifest.counts.rows;
    this.facts.evidence = manifest.evidence;
    this.facts.format = manifest.format;
    this.facts.zone = manifest.zone;
    this.facts.manifest_sha256 = this.manifestHash;
    this.findings.done(0);
  }

  // --- 1 ---

  private async signatures(): Promise<void> {
    const quorum = this.trust.quorum;
    for (const log of this.manifest.logs) {
      const name = `checkpoint.${log.k}`;
      const checkpoint = parseCheckpoint(await this.archive.whole(name, CHECKPOINT_BYTES_MAX), name);
      this.checkpoints.push(checkpoint);
      this.signed(log, checkpoint, name);
      if (quorum === null || !(log.queried || this.manifest.evidence === "none")) continue;
      const witnesses = this.cosigned(checkpoint, name);
      if (quorum(witnesses)) this.findings.say("WITNESSED", 1, `${witnesses.size} listed witnesses cosigned the checkpoint of ${log.stream}`);
      else this.findings.fail("WITNESSED", 1, `${witnesses.size} listed witnesses cosigned ${name}, which is not the quorum of the trust file`);
    }
    if (quorum === null) this.findings.doubt("WITNESSED", 1, "the trust file asks for no witnesses");
  }

  private signed(log: BundledLog, checkpoint: Checkpoint, name: string): void {
    const fail = (why: string): void => this.findings.fail("AUTHENTIC", 1, why);
    if (checkpoint.origin !== log.origin) fail(`${name} is of the log ${JSON.stringify(checkpoint.origin).slice(0, 100)}, the manifest says ${log.origin}`);
    if (log.size !== null && checkpoint.size !== log.size) fail(`${name} has the size ${checkpoint.size}, the manifest says ${log.size}`);
    const trusted = this.trust.logs.get(log.origin);
    if (trusted === undefined) return fail(`the log ${log.origin} is not in the trust file`);
    if (trusted.stream !== log.stream) fail(`the log ${log.origin} is the stream '${log.stream}' in the manifest and '${trusted.stream}' in the trust file`);
    let good = false;
    for (const line of checkpoint.lines) {
      const keys = trusted.keys.filter(({ key }) => isBy(line, key));
      if (keys.length === 0) continue;
      if (!keys.some(({ key }) => holds(checkpoint, line, key))) fail(`a signature of ${name} by a listed key does not hold`);
      else if (!keys.some(({ from, to }) => from <= checkpoint.size && checkpoint.size <= to)) {
        fail(`a key that signed ${name} may not sign a checkpoint of size ${checkpoint.size}`);
      } else good = true;
    }
    if (!good) fail(`no key of the trust file signed ${name}`);
    else this.findings.say("AUTHENTIC", 1, `the log ${log.stream} is signed at size ${checkpoint.size}`);
  }

  /** Listed witnesses, as `name+id`, whose cosignatures hold. */
  private cosigned(checkpoint: Checkpoint, name: string): Set<string> {
    const good = new Set<string>();
    for (const witness of this.trust.witnesses) {
      const lines = checkpoint.lines.filter((line) => isBy(line, witness));
      if (lines.length === 0) continue;
      if (lines.every((line) => holds(checkpoint, line, witness))) good.add(`${witness.name}+${witness.id}`);
      else this.findings.fail("WITNESSED", 1, `a cosignature of ${name} by the listed witness ${witness.name} does not hold`);
    }
    return good;
  }

  // --- 8, and the events that step 3 has to find in their logs ---

  private async attestation(): Promise<LoggedEvent> {
    const bytes = await this.archive.whole("attestation.json", LINE_BYTES_MAX);
    const text = decodeText(bytes, "attestation.json");
    const json = parseJson(text, "attestation.json");
    if (compactJson(json) !== text) malformed("attestation.json has white space or needless escapes");
    const event = parseEvent(json, "attestation.json", this.manifest.logs.length);
    const log = this.manifest.logs[event.k];
    const fail = (why: string): void => this.findings.fail("AUTHENTIC", 8, why);
    if (event.action !== "export.created" || event.outcome !== "success") fail("the attestation is not export.created with outcome success");
    if (this.trust.logs.get(log.origin)?.stream !== "access") fail(`the attestation is in the log of '${log.stream}', not of 'access'`);
    const silent = this.manifest.logs.find((one) => one.size === null);
    if (silent !== undefined && silent.k !== event.k) fail(`the attestation is not in log ${silent.k}, the one without a pinned size`);
    const [id, named] = [event.open.get("export.id"), event.open.get("export.manifest")];
    if (id?.tag !== "s" || named?.tag !== "s") fail("the attestation does not open export.id and export.manifest");
    else {
      if (id.value !== this.manifest.exportId) fail("the attestation is of another export");
      if (named.value !== this.manifestHash) fail("the attestation is of another manifest");
    }
    this.facts.attested = keyText(event.record, 0, "t");
    this.findings.say("AUTHENTIC", 8, `the operator attested this bundle at ${keyText(event.record, 0, "t")}`);
    return event;
  }

  private async support(): Promise<LoggedEvent[]> {
    const member = this.archive.members.get("support.ndjson");
    if (member === undefined) return [];
    if (member.size > SUPPORT_BYTES_MAX) malformed(`support.ndjson has more than ${SUPPORT_BYTES_MAX} bytes`);
    const reader = this.archive.reader("support.ndjson");
    const events: LoggedEvent[] = [];
    for (;;) {
      const end = await reader.line(LINE_BYTES_MAX, "support.ndjson");
      if (end < 0) return events;
      const what = `support.ndjson, line ${events.length + 1}`;
      if (events.length === LINES_MAX) malformed(`support.ndjson has more than ${LINES_MAX} lines`);
      events.push(parseEvent(parseJson(decodeText(reader.data.subarray(reader.pos, end), what), what), what, this.manifest.logs.length));
      reader.pos = end + 1;
    }
  }

  private streamOf(k: number): string | undefined {
    return this.trust.logs.get(this.manifest.logs[k].origin)?.stream;
  }

  // --- 3 ---

  private async logs(support: LoggedEvent[], attestation: LoggedEvent): Promise<LogFound[]> {
    const found: LogFound[] = [];
    const cache = new PageCache();
    const events = [...support, attestation, ...this.lastOfPurges(support)];
    const anchors = support.filter((event) => event.own && event.action === "log.anchored");
    for (const log of this.manifest.logs) {
      const size = log.size ?? this.checkpoints[log.k].size;
      const scratch = this.platform.scratch();
      this.scratches.push(scratch);
      const walk = new LogWalk(log, size, log.queried ? this.manifest.query : null, this.streamOf(log.k) === "control", scratch, cache);
      const entries = log.ranges.length > 0 ? this.archive.reader(`entries.${log.k}.bin`) : null;
      const here = anchors.filter((event) => event.open.get("anchor.origin")?.value === log.origin);
      const cuts = new Set(here.map((event) => Number(event.open.get("anchor.size")?.value)));
      const result = await walk.run(entries, this.archive.reader(`proof.${log.k}`), ordered(events, log.k), cuts);
      found.push(result);
      if (!equalBytes(result.root, this.checkpoints[log.k].root)) {
        this.findings.fail("AUTHENTIC", 3, `entries and proof.${log.k} do not give the signed root of log ${log.k} at size ${size}`);
      }
      for (const event of here) {
        const at = Number(event.open.get("anchor.size")?.value);
        const root = at === size ? result.root : result.cutRoots.get(at);
        if (root !== undefined && toHex(root) !== event.open.get("anchor.root")?.value) this.findings.fail("AUTHENTIC", 3, `the anchor at index ${event.index} names another root of ${log.stream} at size ${at}`);
      }
      if (result.backwards >= 0) this.findings.fail("COMPLETE", 4, `t of entry ${result.backwards} lies before that of an entry before it, in ${log.stream}`);
    }
    return found;
  }

  /** The last purged entries, in the logs that are here. */
  private lastOfPurges(support: readonly LoggedEvent[]): LoggedEvent[] {
    return support.filter((event) => event.own && event.action === "log.purged").flatMap((event) => {
      const logs = this.manifest.logs.filter((log) => log.origin === event.open.get("purge.origin")?.value);
      const log = logs.find((one) => one.size !== null) ?? logs[0];
      return log === undefined ? [] : [lastPurged(event, log.k)];
    });
  }

  /** Own events stand on control; erasures among them say which fields are erased. */
  private erasures(support: readonly LoggedEvent[]): Set<string> {
    const erased = new Set<string>();
    for (const event of support) {
      if (event.own && this.streamOf(event.k) !== "control") {
        this.findings.fail("AUTHENTIC", 8, `${event.action} at index ${event.index} is in the log of '${this.streamOf(event.k) ?? "no trusted log"}', not of 'control'`);
      }
      for (const key of event.erased) erased.add(key);
    }
    return erased;
  }

  // --- 4, 6 ---

  private window(log: BundledLog, found: LogFound): Gap[] {
    const fail = (why: string): void => this.findings.fail("COMPLETE", 4, `${log.stream}: ${why}`);
    const size = log.size as number;
    if (size === 0) return [];
    const range = log.ranges.at(-1);
    if (range === undefined) {
      fail("0 ranges, and the window needs one");
      return [];
    }
    const [b, e] = range;
    const [first, last] = [found.first as Uint8Array, found.last as Uint8Array];
    const bounds = this.manifest.query.bounds.map((bound) => ({ ...bound, bytes: ascii(bound.time) }));
    const upper = bounds.filter(({ op, path }) => path === "t" && (op === "lt" || op === "le"));
    const ends = e === size || upper.some(({ op, bytes }) => (op === "lt" ? compareTimes(last, T, bytes, 0) >= 0 : compareTimes(last, T, bytes, 0) > 0));
    if (!ends) fail(`the window ends before index ${e}, and entries from there on may be in the query`);
    this.findings.say("COMPLETE", 4, `the scope of ${log.stream} ends at ${keyText(last, 0, "t")}`);
    const lower = bounds.filter(({ op }) => op === "ge" || op === "gt");
    const early = lower.some(({ path, bytes }) => (path === "at" ? isBeforeBy(first, T, bytes, 0, CLOCK_SKEW_S) : compareTimes(first, T, bytes, 0) < 0));
    if ((log.ranges.length === 1 && b === 0) || early) return [];
    return [{ origin: log.origin, stream: log.stream, end: b, kept: log.ranges.slice(0, -1) }];
  }

  private gaps(logs: readonly LogFound[], support: readonly LoggedEvent[]): void {
    const { manifest, findings } = this;
    const gaps = manifest.evidence === "full" ? manifest.logs.filter((log) => log.queried).flatMap((log) => this.window(log, logs[log.k])) : [];
    this.begin(6);
    const missing = gaps.reduce((sum, gap) => sum + gap.end - count(gap.kept), 0);
    if (manifest.counts.purged !== missing) findings.fail("COMPLETE", 6, `the manifest counts ${manifest.counts.purged} purged entries, and ${missing} are missing`);
    if (gaps.length === 0) return;
    const whole = this.controlIsWhole(logs);
    const events = support.filter((event) => event.own && GAP_ACTIONS.has(event.action) && this.streamOf(event.k) === "control").sort(inOrder);
    for (const gap of gaps) {
      const why = whole ?? unlawful(gap, events);
      if (why !== null) findings.fail("COMPLETE", 6, `${gap.stream}: the window begins at index ${gap.end}, entries before it may be in the query, and the gap is not lawful: ${why}`);
      else findings.say("COMPLETE", 6, `${gap.stream}: ${gap.end - count(gap.kept)} entries before index ${gap.end} were purged by policy`);
    }
    const secret = events.filter((event) => event.open.get("hold.scope")?.value === "private").length;
    if (secret > 0) findings.say("COMPLETE", 6, `${secret} holds of private scope are the operator's statement`);
    findings.doubt("TIMED", 6, "purges are dated by the operator's clock");
  }

  /** Why a control log is not bundled whole; null where each is. */
  private controlIsWhole(logs: readonly LogFound[]): string | null {
    for (const trusted of this.trust.logs.values()) {
      if (trusted.stream !== "control") continue;
      const log = this.manifest.logs.find((one) => one.origin === trusted.origin && one.size !== null);
      if (log === undefined) return `the control log ${trusted.origin} is not here`;
      const all = log.size === 0 ? log.ranges.length === 0 : log.ranges.length === 1 && log.ranges[0][0] === 0 && log.ranges[0][1] === log.size;
      if (!all) return `the control log ${trusted.origin} is not here whole`;
      if (logs[log.k].unsupported >= 0) return `entry ${logs[log.k].unsupported} of the control log is no supporting event`;
    }
    return null;
  }

  // --- 4, 5, 7: rows ---

  private async rows(logs: LogFound[], erased: ReadonlySet<string>): Promise<void> {
    const { manifest, findings, archive } = this;
    const asked = new Set(manifest.logs.filter((log) => log.queried).map((log) => log.stream));
    const others = [...this.trust.logs.values()].map((log) => log.stream).filter((stream) => !asked.has(stream));
    if (others.length > 0) findings.say("COMPLETE", 4, `not asked: ${others.join(", ")}`);
    if (manifest.evidence === "none") {
      findings.doubt("COMPLETE", 4, "the bundle holds no entries");
      findings.doubt("VIEW MATCHES", 7, "the bundle holds no entries");
      return;
    }
    const data = archive.reader(manifest.data);
    const files = { openings: archive.reader("openings.ndjson"), salts: archive.reader("salts.bin"), hidden: archive.reader("hidden.bin"), data };
    const tables = manifest.logs.map((log) => (log.queried ? logs[log.k].table : null));
    const rows = new Rows(manifest, tables, erased, files);
    await rows.run();
    await data.drain();
    this.complete(rows, logs);
    const found = rows.found;
    if (found.notCommitted !== null) {
      const { row, index, count } = found.notCommitted;
      findings.fail("AUTHENTIC", 5, `row ${row}: its fields do not give the commitment of entry ${index}${more(count)}`);
    }
    if (found.erasure !== null) findings.fail("AUTHENTIC", 5, found.erasure);
    this.view(rows);
  }

  private complete(rows: Rows, logs: LogFound[]): void {
    const { manifest, findings } = this;
    const found = rows.found;
    if (found.untrue !== null) findings.fail("COMPLETE", 4, `row ${found.untrue.row} (entry ${found.untrue.index}) is not in the query${more(found.untrue.count)}`);
    let unknown = found.unknown;
    for (const log of manifest.logs) {
      if (!log.queried) continue;
      const missing = logs[log.k].table.withState(1);
      if (missing.count > 0) findings.fail("COMPLETE", 4, `${missing.count} ${missing.count === 1 ? "entry is" : "entries are"} in the query and not exported, the first at index ${missing.first} of ${log.stream}`);
      unknown += logs[log.k].table.withState(UNKNOWN).count;
    }
    if (unknown > 0) findings.doubt("COMPLETE", 4, `of ${unknown} entries the shown fields do not say whether they are in the query`);
    if (manifest.evidence === "rows") findings.doubt("COMPLETE", 4, "the bundle holds the entries of the exported rows only");
    if (manifest.counts.truncated) findings.doubt("COMPLETE", 4, "the export was cut off");
    if (!findings.failedAny("COMPLETE") && manifest.evidence === "full") findings.say("COMPLETE", 4, "every entry of the window is here, and each that the query asks for was exported");
  }

  private view(rows: Rows): void {
    const { manifest, findings } = this;
    const found = rows.found;
    if (!["csv", "json", "ndjson"].includes(manifest.format)) {
      findings.doubt("VIEW MATCHES", 7, `${manifest.data} is not checked here: this verifier checks CSV, JSON and NDJSON`);
      return;
    }
    if (found.view !== null) {
      findings.fail("VIEW MATCHES", 7, found.view);
      return;
    }
    const { counts } = manifest;
    if (counts.rows !== found.rows) findings.fail("VIEW MATCHES", 7, `the manifest counts ${counts.rows} rows, the file has ${found.rows}`);
    if (counts.masked < found.shown || counts.masked > found.parsed) {
      findings.fail("VIEW MATCHES", 7, `the manifest counts ${counts.masked} masked cells, the file has ${found.shown} to ${found.parsed}`);
    }
    if (counts.erased !== found.erased) findings.fail("VIEW MATCHES", 7, `the manifest counts ${counts.erased} erased cells, the file has ${found.erased}`);
    findings.say("VIEW MATCHES", 7, "the data file follows from the evidence");
    if (counts.masked > 0) findings.say("VIEW MATCHES", 7, `${counts.masked} masked cells are the operator's statement`);
    if (counts.erased > 0) findings.say("VIEW MATCHES", 7, `${counts.erased} cells are erased`);
  }

  // --- 8 ---

  /** Members that nothing else has read. */
  private async rest(): Promise<void> {
    const read = ["README.txt", "verify.html", ...[...this.archive.members.keys()].filter((name) => name.startsWith("timestamp."))];
    if (this.manifest.evidence === "none") read.push(this.manifest.data);
    for (const name of read) if (this.archive.members.has(name)) await new Reader(this.archive.chunks(name)).drain();
  }

  private fileHashes(hashes: ReadonlyMap<string, string>): void {
    for (const [name, digest] of this.manifest.files) {
      if (hashes.get(name) !== digest) this.findings.fail("AUTHENTIC", 8, `${name} is not the file that the manifest names`);
    }
    const page = this.manifest.files.get("verify.html");
    if (page !== undefined) this.facts.bundled_page_is_released = this.trust.pages.includes(page);
  }
}

function more(count: number): string {
  return count > 1 ? `, and ${count - 1} more` : "";
}

/** A log's events by index, each index once; two that differ at one index are malformed. */
function ordered(events: readonly LoggedEvent[], k: number): LoggedEvent[] {
  const own = events.filter((event) => event.k === k).sort((a, b) => a.index - b.index);
  const out: LoggedEvent[] = [];
  for (const event of own) {
    const last = out.at(-1);
    if (last === undefined || last.index !== event.index) out.push(event);
    else if (!equalBytes(last.leaf, event.leaf)) malformed(`two logged events of log ${k} have the index ${event.index}`);
  }
  return out;
}

/** Verify a bundle. A bundle that is not in form is a result, not an error; errors are of the machine. */
export async function verifyBundle(source: Source, trust: Trust, platform: Platform, onProgress: (progress: Progress) => void = () => undefined): Promise<Result> {
  return new Verification(source, trust, platform, onProgress).run();
}

