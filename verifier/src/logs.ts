/** One log of a bundle: its entries, its proof, its root; and the lookup of entries by index afterwards. */
import { equalBytes, malformed } from "./bytes.ts";
import { type LoggedEvent } from "./event.ts";
import { AT, keyText, parseEntry, RECORD_BYTES, T } from "./entry.ts";
import { leafHash } from "./hash.ts";
import { type BundledLog } from "./manifest.ts";
import { GAP_ACTIONS } from "./own.ts";
import { type Facts, type Query, UNKNOWN } from "./query.ts";
import { type Reader, type Scratch } from "./source.ts";
import { compareTimes } from "./time.ts";
import { pruned, Tree } from "./tree.ts";

const PAGE_ENTRIES = 1024;
const PAGE_BYTES = PAGE_ENTRIES * RECORD_BYTES;
/** Pages of all logs in memory at once: 28 MB. */
const PAGES_MAX = 128;

/** States of an entry: the query's truth with all fields hidden, then whether it was exported. */
export const EXPORTED = 3;

/** Pages most recently used, over all logs. */
export class PageCache {
  private readonly pages = new Map<string, Uint8Array>();

  get(key: string): Uint8Array | undefined {
    const page = this.pages.get(key);
    if (page !== undefined) {
      this.pages.delete(key);
      this.pages.set(key, page);
    }
    return page;
  }

  set(key: string, page: Uint8Array): void {
    this.pages.set(key, page);
    if (this.pages.size > PAGES_MAX) this.pages.delete(this.pages.keys().next().value as string);
  }
}

/** Records of the entries in a log's ranges, by index. */
export class EntryTable {
  count = 0;
  private states = new Uint8Array(1024);
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;
  private readonly before: Float64Array;
  private filling = new Uint8Array(PAGE_BYTES);
  private pageAt = -1;
  private page: Uint8Array = new Uint8Array(0);
  private readonly log: BundledLog;
  private readonly scratch: Scratch;
  private readonly cache: PageCache;

  constructor(log: BundledLog, scratch: Scratch, cache: PageCache) {
    this.log = log;
    this.scratch = scratch;
    this.cache = cache;
    this.starts = Float64Array.from(log.ranges, ([i]) => i);
    this.ends = Float64Array.from(log.ranges, ([, j]) => j);
    let sum = 0;
    this.before = Float64Array.from(log.ranges, ([i, j]) => (sum += j - i) - (j - i));
  }

  /** Room for the next entry's record: `buffer` and its offset there. `added` says that it was filled. */
  next(): [Uint8Array, number] {
    return [this.filling, (this.count % PAGE_ENTRIES) * RECORD_BYTES];
  }

  added(state: number): void {
    if (this.count === this.states.length) {
      const more = new Uint8Array(2 * this.states.length);
      more.set(this.states);
      this.states = more;
    }
    this.states[this.count++] = state;
    if (this.count % PAGE_ENTRIES === 0) this.flush();
  }

  private flush(): void {
    this.scratch.append(this.filling);
    this.cache.set(`${this.log.k} ${Math.floor((this.count - 1) / PAGE_ENTRIES)}`, this.filling);
    this.filling = new Uint8Array(PAGE_BYTES);
  }

  finish(): void {
    if (this.count % PAGE_ENTRIES !== 0) this.flush();
    this.filling = new Uint8Array(0);
  }

  /** Position of the entry `index` in the ranges; −1 where it is in none. */
  position(index: number): number {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.ends[mid] > index) high = mid;
      else low = mid + 1;
    }
    return low < this.starts.length && this.starts[low] <= index ? this.before[low] + index - this.starts[low] : -1;
  }

  index(position: number): number {
    let n = 0;
    while (n + 1 < this.before.length && this.before[n + 1] <= position) n++;
    return this.starts[n] + position - this.before[n];
  }

  /** The page of this position, if it is in memory. Its record begins at `offset(position)`. */
  held(position: number): Uint8Array | null {
    const page = Math.floor(position / PAGE_ENTRIES);
    if (page !== this.pageAt) {
      const found = this.cache.get(`${this.log.k} ${page}`);
      if (found === undefined) return null;
      this.page = found;
      this.pageAt = page;
    }
    return this.page;
  }

  async load(position: number): Promise<Uint8Array> {
    this.pageAt = Math.floor(position / PAGE_ENTRIES);
    this.page = await this.scratch.page(this.pageAt);
    this.cache.set(`${this.log.k} ${this.pageAt}`, this.page);
    return this.page;
  }

  offset(position: number): number {
    return (position % PAGE_ENTRIES) * RECORD_BYTES;
  }

  state(position: number): number {
    return this.states[position];
  }

  export(position: number): void {
    this.states[position] = EXPORTED;
  }

  /** How many entries have this state, and the index of the first. */
  withState(state: number): { count: number; first: number } {
    let count = 0;
    let first = -1;
    for (let n = 0; n < this.count; n++) {
      if (this.states[n] !== state) continue;
      if (count++ === 0) first = n;
    }
    return { count, first: count > 0 ? this.index(first) : -1 };
  }
}

/** What a log's entries say of themselves. */
export interface LogFound {
  root: Uint8Array;
  table: EntryTable;
  /** First and last entry of the last range, as records; null without ranges. */
  first: Uint8Array | null;
  last: Uint8Array | null;
  /** Roots at the cuts that were asked for. */
  cutRoots: Map<number, Uint8Array>;
  /** Index of the first entry of a control log that should be a supporting event and is not; −1 where there is none. */
  unsupported: number;
  /** Index of an included entry whose `t` lies before the one before; −1 where there is none. */
  backwards: number;
}

/** Facts of an entry all of whose fields are hidden. */
class PublicFacts implements Facts {
  record: Uint8Array = new Uint8Array(0);
  at = 0;
  key(path: string): string {
    return keyText(this.record, this.at, path);
  }
  field(): "hidden" {
    return "hidden";
  }
}

/** The walk over one log: entries and logged events in order, the proof's hashes between them. */
export class LogWalk {
  private readonly log: BundledLog;
  private readonly size: number;
  private readonly query: Query | null;
  private readonly table: EntryTable;
  private readonly tree = new Tree();
  private readonly facts = new PublicFacts();
  private readonly lastT = new Uint8Array(RECORD_BYTES);
  private started = false;
  private backwards = -1;
  private first: Uint8Array | null = null;
  private readonly cutRoots = new Map<number, Uint8Array>();
  private unsupported = -1;
  private nextCut = 0;
  private readonly control: boolean;
  private readonly lastOfRanges = new Uint8Array(RECORD_BYTES);

  /** `control`: the log is one where a gap's events must all be supporting events. */
  constructor(log: BundledLog, size: number, query: Query | null, control: boolean, scratch: Scratch, cache: PageCache) {
    this.log = log;
    this.control = control;
    this.size = size;
    this.query = query;
    this.table = new EntryTable(log, scratch, cache);
  }

  private cuts: ReadonlySet<number> = new Set();

  /** `events` ascend by index, each index once; `cuts` are those whose roots are wanted. */
  async run(entries: Reader | null, proof: Reader, events: readonly LoggedEvent[], cuts: ReadonlySet<number> = new Set()): Promise<LogFound> {
    this.cuts = cuts;
    let at = 0;
    let n = 0;
    for (const [i, j] of this.log.ranges) {
      for (; n < events.length && events[n].index < i; n++) at = await this.event(events[n], at, proof);
      await this.skip(at, i, proof);
      const from = n;
      while (n < events.length && events[n].index < j) n++;
      await this.range(i, j, entries as Reader, events.slice(from, n));
      at = j;
    }
    for (; n < events.length; n++) at = await this.event(events[n], at, proof);
    await this.skip(at, this.size, proof);
    if (!(await proof.atEnd())) malformed(`proof.${this.log.k} has more hashes than the walk asks for`);
    if (entries !== null && !(await entries.atEnd())) malformed(`entries.${this.log.k}.bin has more entries than the ranges`);
    this.table.finish();
    const last = this.table.count > 0 ? this.lastOfRanges : null;
    return { root: this.tree.root(), table: this.table, first: this.first, last, cutRoots: this.cutRoots, unsupported: this.unsupported, backwards: this.backwards };
  }

  private async event(event: LoggedEvent, at: number, proof: Reader): Promise<number> {
    if (event.index >= this.size) malformed(`an event of index ${event.index} is beyond the size ${this.size} of log ${this.log.k}`);
    await this.skip(at, event.index, proof);
    this.push(event.leaf, 1);
    this.time(event.record, 0, event.index);
    return event.index + 1;
  }

  private async skip(from: number, to: number, proof: Reader): Promise<void> {
    for (const end of pruned(from, to, this.size, this.log.cuts)) {
      const node = await hashLine(proof, `proof.${this.log.k}`);
      this.push(node, end - this.tree.size);
    }
  }

  private push(node: Uint8Array, leaves: number): void {
    this.tree.push(node, leaves);
    if (this.nextCut < this.log.cuts.length && this.log.cuts[this.nextCut] === this.tree.size) {
      this.nextCut++;
      if (this.cuts.has(this.tree.size)) this.cutRoots.set(this.tree.size, this.tree.root());
    }
  }

  private time(record: Uint8Array, at: number, index: number): void {
    if (this.started && this.backwards < 0 && compareTimes(record, at + T, this.lastT, T) < 0) this.backwards = index;
    for (let i = T; i < T + 27; i++) this.lastT[i] = record[at + i];
    this.started = true;
  }

  private async range(i: number, j: number, entries: Reader, events: readonly LoggedEvent[]): Promise<void> {
    const name = `entries.${this.log.k}.bin`;
    let n = 0;
    for (let index = i; index < j; index++) {
      if (entries.left < 2 && !(await entries.need(2))) malformed(`${name} ends before entry ${index}`);
      const length = entries.data[entries.pos] * 256 + entries.data[entries.pos + 1];
      if (entries.left < 2 + length && !(await entries.need(2 + length))) malformed(`${name} ends before entry ${index}`);
      const from = entries.pos + 2;
      const [buffer, at] = this.table.next();
      parseEntry(entries.data, from, from + length, buffer, at, `entry ${index} of log ${this.log.k}`);
      const leaf = leafHash(entries.data.subarray(from, from + length));
      this.push(leaf, 1);
      this.time(buffer, at, index);
      let supported = false;
      if (n < events.length && events[n].index === index) {
        supported = events[n].action !== "";
        if (!equalBytes(events[n++].leaf, leaf)) malformed(`entry ${index} of log ${this.log.k} is another among the logged events`);
      }
      if (this.control && !supported && this.unsupported < 0 && this.counts(buffer, at)) this.unsupported = index;
      if (index === i) this.first = buffer.slice(at, at + RECORD_BYTES);
      if (index === j - 1) this.lastOfRanges.set(buffer.subarray(at, at + RECORD_BYTES));
      this.table.added(this.truth(buffer, at));
      entries.pos = from + length;
    }
  }

  private counts(record: Uint8Array, at: number): boolean {
    return keyText(record, at, "outcome") === "success" && GAP_ACTIONS.has(keyText(record, at, "action"));
  }

  private truth(record: Uint8Array, at: number): number {
    if (this.query === null) return 0;
    this.facts.record = record;
    this.facts.at = at;
    return this.query.evaluate(this.facts);
  }
}

/** One line of 64 hex digits. */
async function hashLine(proof: Reader, name: string): Promise<Uint8Array> {
  if (!(await proof.need(65))) malformed(`${name} has fewer hashes than the walk asks for, or one is cut`);
  const out = new Uint8Array(32);
  for (let i = 0; i < 32; i++) out[i] = digit(proof.data[proof.pos + 2 * i], name) * 16 + digit(proof.data[proof.pos + 2 * i + 1], name);
  if (proof.data[proof.pos + 64] !== 10) malformed(`${name} has a line that is not 64 hex digits`);
  proof.pos += 65;
  return out;
}

function digit(byte: number, name: string): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  malformed(`${name} has a line that is not 64 hex digits`);
}

export { AT, UNKNOWN };
