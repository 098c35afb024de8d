/**
 * Exported rows: `openings.ndjson`, `salts.bin`, `hidden.bin` and the data file, read together, a row at a time.
 * Nothing here grows with the rows: shapes are kept as far back as the format lets a row point.
 */
import { compareText, malformed, utf8, valueText } from "./bytes.ts";
import { type CellFile, cellFile } from "./cells.ts";
import { AT, C, keyText } from "./entry.ts";
import { checkJsonValue } from "./event.ts";
import { hashInto } from "./hash.ts";
import { parseJson } from "./json.ts";
import { type EntryTable } from "./logs.ts";
import { type Column, isVirtual, type Manifest } from "./manifest.ts";
import { type Facts, type Open, UNKNOWN } from "./query.ts";
import { isUtf8, joinedSpan, parseShape, type Shape, type Span } from "./shapes.ts";
import { type Reader } from "./source.ts";
import { compareTimes } from "./time.ts";

export const LINE_BYTES_MAX = 16 * 1024 * 1024;
export const SHAPES_MAX = 65_536;
export const SHAPE_PATHS_MAX = 1 << 21;

export interface RowFindings {
  rows: number;
  /** Masked cells, and how many of them are not empty. */
  parsed: number;
  shown: number;
  /** Cells that are not masked and have an erased field. */
  erased: number;
  /** Row whose fields do not give its entry's commitment. */
  notCommitted: { row: number; index: number; count: number } | null;
  /** Row that is not in the query. */
  untrue: { row: number; index: number; count: number } | null;
  unknown: number;
  /** A field called erased without an erasure, or masked with one. */
  erasure: string | null;
  /** The data file differs, and where. */
  view: string | null;
}

export class Rows implements Facts {
  readonly found: RowFindings = {
    rows: 0, parsed: 0, shown: 0, erased: 0, notCommitted: null, untrue: null, unknown: 0, erasure: null, view: null,
  };
  private readonly manifest: Manifest;
  private readonly tables: (EntryTable | null)[];
  private readonly origins: string[];
  private readonly erased: ReadonlySet<string>;
  private readonly files: { openings: Reader; salts: Reader; hidden: Reader };
  private readonly data: CellFile | null;
  private readonly shapes = new Map<number, Shape>();
  private defined = 0;
  private shapePaths = 0;
  private work = new Uint8Array(33 + 32 * 64);
  private buffer = new Uint8Array(4096);
  private readonly c = new Uint8Array(32);
  private readonly lastAt = new Uint8Array(27);
  private lastK = -1;
  private lastIndex = -1;
  private readonly spans: Span[] = [];
  private values = 0;
  // The row at hand, for the query.
  private shape: Shape | null = null;
  private record: Uint8Array = new Uint8Array(0);
  private recordAt = 0;

  constructor(
    manifest: Manifest,
    tables: (EntryTable | null)[],
    erased: ReadonlySet<string>,
    files: { openings: Reader; salts: Reader; hidden: Reader; data: Reader },
  ) {
    this.manifest = manifest;
    this.tables = tables;
    this.origins = manifest.logs.map((log) => log.origin);
    this.erased = erased;
    this.files = files;
    this.data = cellFile(manifest, files.data);
  }

  async run(): Promise<void> {
    const openings = this.files.openings;
    if (this.data !== null) await this.data.begin();
    for (;;) {
      const end = await openings.line(LINE_BYTES_MAX, "openings.ndjson");
      if (end < 0) break;
      const bytes = openings.data;
      const from = openings.pos;
      if (bytes[from] === 123) this.define(bytes.subarray(from, end));
      else await this.row(bytes, from, end);
      openings.pos = end + 1;
    }
    for (const name of ["salts", "hidden"] as const) {
      if (!(await this.files[name].atEnd())) malformed(`${name}.bin has bytes left over`);
    }
    if (this.data !== null) this.found.view ??= await this.data.finish(this.found.rows);
  }

  private define(line: Uint8Array): void {
    const what = `openings.ndjson: shape ${this.defined}`;
    const shape = parseShape(line, what, this.manifest.columns);
    this.shapes.set(this.defined++, shape);
    this.shapePaths += shape.paths.length;
    const gone = this.defined - 1 - SHAPES_MAX;
    this.shapePaths -= this.shapes.get(gone)?.paths.length ?? 0;
    this.shapes.delete(gone);
    if (this.shapePaths > SHAPE_PATHS_MAX) malformed(`${what}: the last ${SHAPES_MAX} shapes have more than ${SHAPE_PATHS_MAX} paths`);
    const bytes = 33 + 32 * shape.paths.length;
    if (bytes > this.work.length) this.work = new Uint8Array(bytes);
  }

  /** `[k,index,shape,[values]]`. Leaves the values in `spans`. */
  private parse(bytes: Uint8Array, from: number, end: number): [number, number, number] {
    const what = `openings.ndjson: row ${this.found.rows}`;
    const numbers: [number, number, number] = [0, 0, 0];
    let at = from;
    if (bytes[at++] !== 91) malformed(`${what} is no list`);
    for (let n = 0; n < 3; n++) {
      const first = at;
      let value = 0;
      while (bytes[at] >= 48 && bytes[at] <= 57 && at - first < 17) value = value * 10 + bytes[at++] - 48;
      if (at === first || bytes[at++] !== 44 || (bytes[first] === 48 && at - first > 2) || value > Number.MAX_SAFE_INTEGER) {
        malformed(`${what} does not begin with three plain integers`);
      }
      numbers[n] = value;
    }
    if (bytes[at++] !== 91) malformed(`${what} has no list of values`);
    at = space(bytes, at);
    this.values = 0;
    if (bytes[at] === 93) {
      at++;
    } else {
      for (;;) {
        if (bytes[at] !== 34) malformed(`${what} has a value that is no text`);
        at = space(bytes, this.string(bytes, at + 1, end, what));
        const byte = bytes[at];
        at = byte === 44 ? space(bytes, at + 1) : at + 1;
        if (byte === 93) break;
        if (byte !== 44) malformed(`${what} is no list of texts`);
      }
    }
    if (bytes[at] !== 93 || at + 1 !== end) malformed(`${what} has more than a list of values`);
    return numbers;
  }

  /** A JSON string from after its quote; gives the offset after the closing one. */
  private string(bytes: Uint8Array, from: number, end: number, what: string): number {
    let at = from;
    let high = 0;
    let byte = bytes[at];
    while (byte !== 34 && byte !== 92 && byte >= 32) {
      high |= byte;
      byte = bytes[++at];
    }
    if (this.values === this.spans.length) this.spans.push({ data: bytes, from: 0, to: 0 });
    const span = this.spans[this.values++];
    if (byte === 34) {
      if (high >= 128 && !isUtf8(bytes, from, at)) malformed(`${what} is not UTF-8`);
      span.data = bytes;
      span.from = from;
      span.to = at;
      return at + 1;
    }
    while (at < end && bytes[at] !== 34) at += bytes[at] === 92 ? 2 : 1;
    if (at >= end) malformed(`${what} has a text that does not end`);
    const quoted = valueText(bytes.subarray(from - 1, at + 1));
    if (quoted === null) malformed(`${what} is not UTF-8`);
    span.data = utf8(parseJson(quoted, what) as string);
    span.from = 0;
    span.to = span.data.length;
    return at + 1;
  }

  private async row(bytes: Uint8Array, from: number, end: number): Promise<void> {
    const [k, index, number] = this.parse(bytes, from, end);
    const row = this.found.rows++;
    const table = k < this.tables.length ? this.tables[k] : null;
    if (table === null) malformed(`row ${row} is of log ${k}, which is no queried log`);
    const shape = this.shapes.get(number);
    if (shape === undefined) malformed(`row ${row} has the shape ${number}, which is not among those that a row may name`);
    if (this.values !== shape.valueCount) malformed(`row ${row} has a list of ${this.values} values where its shape wants ${shape.valueCount}`);
    const position = table.position(index);
    if (position < 0) malformed(`row ${row}: the entry ${index} of log ${k} is not in the ranges`);
    this.record = table.held(position) ?? (await table.load(position));
    this.recordAt = table.offset(position);
    this.shape = shape;
    this.order(row, k, index);
    const { salts, hidden } = this.files;
    if (salts.left < 16 * shape.open && !(await salts.need(16 * shape.open))) malformed("salts.bin ends too early");
    if (hidden.left < 32 * shape.hidden && !(await hidden.need(32 * shape.hidden))) malformed("hidden.bin ends too early");
    this.commit(shape, row, index);
    this.checkErasures(shape, k, index, row);
    this.judge(table, position, row, index);
    if (this.data !== null && this.found.view === null) await this.view(shape, row);
  }

  private order(row: number, k: number, index: number): void {
    const by = row === 0 ? 1 : compareTimes(this.record, this.recordAt + AT, this.lastAt, 0) || k - this.lastK || index - this.lastIndex;
    if (by <= 0) malformed(`row ${row} is out of order, or there twice`);
    for (let i = 0; i < 27; i++) this.lastAt[i] = this.record[this.recordAt + AT + i];
    this.lastK = k;
    this.lastIndex = index;
  }

  private commit(shape: Shape, row: number, index: number): void {
    const { salts, hidden } = this.files;
    const work = this.work;
    work[0] = 3;
    work.set(shape.hash, 1);
    let at = 33;
    for (let n = 0; n < shape.paths.length; n++, at += 32) {
      const head = shape.heads[n];
      if (head === null) {
        for (let i = 0; i < 32; i++) work[at + i] = hidden.data[hidden.pos + i];
        hidden.pos += 32;
        continue;
      }
      const value = shape.values[n];
      const length = value < 0 ? 0 : this.spans[value].to - this.spans[value].from;
      const total = head.length + 16 + length;
      if (total > this.buffer.length) this.buffer = new Uint8Array(2 * total);
      const field = this.buffer;
      let to = 0;
      for (; to < head.length; to++) field[to] = head[to];
      for (let i = 0; i < 16; i++) field[to++] = salts.data[salts.pos + i];
      salts.pos += 16;
      if (length > 0) {
        const { data, from } = this.spans[value];
        if (length < 64) for (let i = 0; i < length; i++) field[to + i] = data[from + i];
        else field.set(data.subarray(from, from + length), to);
      }
      if (shape.state[n] === "j") this.checkValue(this.spans[value], row, shape.paths[n]);
      hashInto(field, 0, total, work, at);
    }
    hashInto(work, 0, at, this.c, 0);
    for (let i = 0; i < 32; i++) {
      if (this.c[i] === this.record[this.recordAt + C + i]) continue;
      this.found.notCommitted ??= { row, index, count: 0 };
      this.found.notCommitted.count++;
      return;
    }
  }

  private checkValue({ data, from, to }: Span, row: number, path: string): void {
    if (isPlainScalar(data, from, to)) return;
    checkJsonValue(valueText(data.subarray(from, to)) as string, `row ${row}: ${path}`);
  }

  private checkErasures(shape: Shape, k: number, index: number, row: number): void {
    if (shape.hidden === 0 || this.found.erasure !== null || (this.erased.size === 0 && !shape.state.includes("e"))) return;
    for (let n = 0; n < shape.paths.length; n++) {
      const letter = shape.state[n];
      if (letter !== "e" && letter !== "m") continue;
      const has = this.erased.has(`${this.origins[k]} ${index} ${shape.paths[n]}`);
      if (has === (letter === "e")) continue;
      const said = letter === "e" ? "called erased and no erasure is shown" : "called masked and an erasure is shown";
      this.found.erasure = `row ${row}: ${shape.paths[n]} of entry ${index} is ${said}`;
      return;
    }
  }

  private judge(table: EntryTable, position: number, row: number, index: number): void {
    const query = this.manifest.query;
    const truth = query.fields.size === 0 ? table.state(position) : query.evaluate(this);
    table.export(position);
    if (truth === UNKNOWN) this.found.unknown++;
    if (truth !== 0) return;
    this.found.untrue ??= { row, index, count: 0 };
    this.found.untrue.count++;
  }

  key(path: string): string {
    return keyText(this.record, this.recordAt, path);
  }

  field(path: string): "none" | "hidden" | Open {
    const shape = this.shape as Shape;
    let low = 0;
    let high = shape.paths.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (compareText(shape.paths[mid], path) < 0) low = mid + 1;
      else high = mid;
    }
    if (shape.paths[low] !== path || shape.state[low] === "n") return "none";
    const tag = shape.state[low];
    if (tag !== "s" && tag !== "j") return "hidden";
    const { data, from, to } = this.spans[shape.values[low]];
    return { tag, text: valueText(data.subarray(from, to)) as string };
  }

  private async view(shape: Shape, row: number): Promise<void> {
    const data = this.data as CellFile;
    const columns = this.manifest.columns;
    data.row(row);
    for (let n = 0; n < columns.length; n++) {
      const why = this.cell(data, columns[n], shape, shape.columns[n]);
      if (why !== null) {
        this.found.view = `row ${row}, column ${JSON.stringify(columns[n].label).slice(0, 80)}: ${why}`;
        return;
      }
    }
    data.endRow();
    const why = data.match() ?? (data.short ? await data.matchMore() : null);
    if (why !== null) {
      this.found.view = why;
      return;
    }
    this.found.shown += data.shown;
  }

  /** Tell the data file what this cell must be. Null, or what is wrong with the openings of it. */
  private cell(data: CellFile, column: Column, shape: Shape, places: Int32Array): string | null {
    const mask = column.mask;
    const kept = mask.name === "keep";
    let present = 0;
    let erased = 0;
    let masked = 0;
    for (const place of places) {
      if (place < 0) continue;
      present++;
      const letter = shape.state[place];
      if (letter === "e") erased++;
      else if (letter === "m") masked++;
    }
    const isField = !isVirtual(column.path) || column.path === "resource";
    const ofOwner = mask.inner?.name === "keep" && isField && masked === 0;
    const parsed = !kept && !ofOwner && (!isField || present > erased);
    if (kept && masked > 0) return "it is kept and its field is hidden";
    if (parsed) {
      this.found.parsed++;
      data.masked(mask, column.label);
      return null;
    }
    if (erased > 0) this.found.erased++;
    if (kept || present > erased) this.keep(data, column, shape, places);
    else data.masked(null, column.label);
    return null;
  }

  private keep(data: CellFile, column: Column, shape: Shape, places: Int32Array): void {
    switch (column.path) {
      case "at":
      case "t":
      case "action":
      case "outcome":
        data.key(column.path, this.record, this.recordAt);
        return;
      case "resource": {
        const [type, id] = [this.openText(shape, places[0]), this.openText(shape, places[1])];
        if (type === null && id === null) data.empty();
        else if (type === null) data.text(id as Span);
        else data.text(joinedSpan(type, id));
        return;
      }
      default: {
        const place = places[0];
        const span = this.openText(shape, place);
        if (span === null) data.empty();
        else if (shape.state[place] === "j") data.json(span);
        else data.text(span);
      }
    }
  }

  private openText(shape: Shape, place: number): Span | null {
    return place < 0 || shape.values[place] < 0 ? null : this.spans[shape.values[place]];
  }
}

/** JSON white space. */
function space(bytes: Uint8Array, at: number): number {
  while (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 13) at++;
  return at;
}

/** Short values that need no parser: true, false, null and integers of a few digits. */
function isPlainScalar(data: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length === 0 || length > 15) return false;
  let at = from;
  if (data[at] === 45) at++;
  if (at < to && data[at] >= 48 && data[at] <= 57) {
    if (data[at] === 48 && to - at > 1) return false;
    while (at < to && data[at] >= 48 && data[at] <= 57) at++;
    return at === to;
  }
  return false;
}
