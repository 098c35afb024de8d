/**
 * The data file, byte for byte (docs/format.md, cells and masks). A row is first written as it must be, with gaps for
 * masked cells; then matched with the file, masked cells being parsed in the gaps. A row that the buffer does not hold
 * whole is matched again with more of the file.
 */
import { ascii, joined, utf8, valueText } from "./bytes.ts";
import { actionRange, AT, outcomeBytes, T } from "./entry.ts";
import { jsonString, parseJson } from "./json.ts";
import { countsText, type Manifest } from "./manifest.ts";
import { type Mask } from "./masks.ts";
import { type Span } from "./shapes.ts";
import { type Reader } from "./source.ts";
import { ZoneWriter } from "./time.ts";

/** A row of the data file, in bytes, that is compared at most. */
export const ROW_BYTES_MAX = 256 * 1024 * 1024;

/** A masked cell, as it stands in the file. */
export const CELL_BYTES_MAX = 16 * 1024 * 1024;

interface Gap {
  /** Where in the expected bytes the masked cell stands. */
  at: number;
  /** Null: the cell must be empty. */
  mask: Mask | null;
  label: string;
}

const APOSTROPHE = new Set(ascii("=+-@\t\r'"));
const NULL = ascii("null");
const HEX = ascii("0123456789abcdef");
const SHORT = new Map([[8, 98], [9, 116], [10, 110], [12, 102], [13, 114]]);

export abstract class CellFile {
  /** Masked cells of the row at hand that are not empty. */
  shown = 0;
  /** The file's buffer does not hold the row. */
  short = false;
  protected expected = new Uint8Array(65_536);
  protected length = 0;
  protected gaps: Gap[] = [];
  /** Ends of the cells of this row in the expected bytes. */
  protected ends: number[] = [];
  private current = 0;
  protected readonly manifest: Manifest;
  private readonly reader: Reader;
  private readonly zone: ZoneWriter;

  constructor(manifest: Manifest, reader: Reader) {
    this.manifest = manifest;
    this.reader = reader;
    this.zone = new ZoneWriter(manifest.transitions);
  }

  protected abstract readonly head: Uint8Array;
  protected abstract tail(rows: number): Uint8Array;
  protected abstract before(row: number, cell: number): Uint8Array;
  protected abstract readonly afterRow: Uint8Array;
  /** Text in this file's form from `data[from..to)`, appended. */
  protected abstract appendText(data: Uint8Array, from: number, to: number): void;
  protected abstract appendJson(data: Uint8Array, from: number, to: number): void;
  protected abstract appendEmpty(): void;
  /**
   * The cell that begins at `at`: its text (null where it is empty) and its end; "more" where the buffer ends in it; a
   * reason where it is none.
   */
  protected abstract masked1(data: Uint8Array, at: number, end: number, over: boolean): { text: string | null; end: number } | "more" | { why: string };

  private failed: string | null = null;

  async begin(): Promise<void> {
    await this.fixed(this.head, "its beginning");
  }

  private async fixed(bytes: Uint8Array, what: string): Promise<void> {
    const reader = this.reader;
    const whole = await reader.need(bytes.length);
    for (let i = 0; i < bytes.length; i++) {
      if (whole && reader.data[reader.pos + i] === bytes[i]) continue;
      this.failed ??= `${this.manifest.data} differs from what the evidence gives: ${what}`;
      return;
    }
    reader.pos += bytes.length;
  }

  async finish(rows: number): Promise<string | null> {
    if (this.failed !== null) return this.failed;
    await this.fixed(this.tail(rows), "its end");
    if (this.failed === null && !(await this.reader.atEnd())) this.failed = `${this.manifest.data} has more than the rows`;
    return this.failed;
  }

  row(row: number): void {
    this.current = row;
    this.length = 0;
    this.gaps.length = 0;
    this.ends.length = 0;
    this.append(this.before(row, 0));
  }

  endRow(): void {
    this.append(this.afterRow);
  }

  protected room(bytes: number): void {
    if (this.length + bytes <= this.expected.length) return;
    const more = new Uint8Array(2 * (this.length + bytes));
    more.set(this.expected.subarray(0, this.length));
    this.expected = more;
  }

  protected append(bytes: Uint8Array): void {
    this.room(bytes.length);
    const { expected, length } = this;
    for (let i = 0; i < bytes.length; i++) expected[length + i] = bytes[i];
    this.length += bytes.length;
  }

  private start(): void {
    if (this.ends.length > 0) this.append(this.before(this.current, this.ends.length));
    else if (this.before(this.current, -1).length > 0) this.append(this.before(this.current, -1));
  }

  private done(): void {
    this.ends.push(this.length);
  }

  private readonly timeCell = new Uint8Array(40);

  key(path: "at" | "t" | "action" | "outcome", record: Uint8Array, at: number): void {
    this.start();
    if (path === "at" || path === "t") {
      this.appendText(this.timeCell, 0, this.zone.write(record, at + (path === "at" ? AT : T), this.timeCell, 0));
    } else if (path === "action") {
      const [from, to] = actionRange(record, at);
      this.appendText(record, from, to);
    } else {
      const bytes = outcomeBytes(record, at);
      this.appendText(bytes, 0, bytes.length);
    }
    this.done();
  }

  text(span: Span): void {
    this.start();
    this.appendText(span.data, span.from, span.to);
    this.done();
  }

  json(span: Span): void {
    this.start();
    this.appendJson(span.data, span.from, span.to);
    this.done();
  }

  empty(): void {
    this.start();
    this.appendEmpty();
    this.done();
  }

  masked(mask: Mask | null, label: string): void {
    this.start();
    this.gaps.push({ at: this.length, mask, label });
    this.done();
  }

  /** Match the row with the file. Null where it fits, or where `short` says that the buffer ends in it. */
  match(): string | null {
    this.short = false;
    if (this.failed !== null) return this.failed;
    const reader = this.reader;
    const { data, end } = reader;
    const expected = this.expected;
    let at = reader.pos;
    let from = 0;
    let shown = 0;
    for (let n = 0; n <= this.gaps.length; n++) {
      const to = n < this.gaps.length ? this.gaps[n].at : this.length;
      const stop = Math.min(to, from + end - at);
      while (from < stop && data[at] === expected[from]) {
        from++;
        at++;
      }
      if (from < stop || (from < to && reader.over)) return this.differs(from);
      if (from < to) return this.wait();
      if (n === this.gaps.length) break;
      const { mask, label } = this.gaps[n];
      const cell = this.masked1(data, at, end, reader.over);
      if (cell === "more") return this.wait();
      const where = `row ${this.current}, column ${JSON.stringify(label).slice(0, 80)}`;
      if (!("why" in cell) && cell.end - at > CELL_BYTES_MAX) return `${where}: a masked cell of more than ${CELL_BYTES_MAX} bytes`;
      if ("why" in cell) return `${where}: ${cell.why}`;
      if (cell.text !== null && (mask === null || !mask.allows(cell.text))) {
        return mask === null ? `${where}: the field is not there, and the cell is not empty` : `${where}: no cell of the mask ${mask.name}`;
      }
      if (cell.text !== null) shown++;
      at = cell.end;
    }
    reader.pos = at;
    this.shown = shown;
    return null;
  }

  private wait(): null {
    this.short = true;
    return null;
  }

  async matchMore(): Promise<string | null> {
    let wanted = 2 * this.reader.left + 65_536;
    while (this.short) {
      if (this.reader.left > ROW_BYTES_MAX) return `row ${this.current} has more than ${ROW_BYTES_MAX} bytes in ${this.manifest.data}`;
      await this.reader.need(wanted);
      wanted *= 2;
      const why = this.match();
      if (why !== null) return why;
    }
    return null;
  }

  private differs(at: number): string {
    const column = this.ends.findIndex((end) => at < end);
    const label = this.manifest.columns[column < 0 ? this.ends.length - 1 : column].label;
    return `row ${this.current} differs from what the evidence gives, at column ${JSON.stringify(label).slice(0, 80)}`;
  }
}

const CRLF = ascii("\r\n");
const COMMA = ascii(",");
const NOTHING = new Uint8Array(0);

class CsvFile extends CellFile {
  protected readonly head: Uint8Array;
  protected readonly afterRow = CRLF;

  constructor(manifest: Manifest, reader: Reader) {
    super(manifest, reader);
    for (const [n, column] of manifest.columns.entries()) {
      if (n > 0) this.append(COMMA);
      const label = utf8(column.label);
      this.appendText(label, 0, label.length);
    }
    this.append(CRLF);
    this.head = this.expected.slice(0, this.length);
  }

  protected tail(): Uint8Array {
    return NOTHING;
  }

  protected before(_row: number, cell: number): Uint8Array {
    return cell > 0 ? COMMA : NOTHING;
  }

  protected appendEmpty(): void {}

  protected appendText(data: Uint8Array, from: number, to: number): void {
    this.put(data, from, to, to > from && APOSTROPHE.has(data[from]));
  }

  protected appendJson(data: Uint8Array, from: number, to: number): void {
    this.put(data, from, to, false);
  }

  private put(data: Uint8Array, from: number, to: number, apostrophe: boolean): void {
    this.room(2 * (to - from) + 3);
    const expected = this.expected;
    const start = this.length;
    let at = start;
    if (apostrophe) expected[at++] = 39;
    let quoted = false;
    for (let i = from; i < to; i++) {
      const byte = data[i];
      if (byte === 44 || byte === 34 || byte === 10 || byte === 13) {
        quoted = true;
        break;
      }
      expected[at++] = byte;
    }
    if (quoted) {
      at = start;
      expected[at++] = 34;
      if (apostrophe) expected[at++] = 39;
      for (let i = from; i < to; i++) {
        if (data[i] === 34) expected[at++] = 34;
        expected[at++] = data[i];
      }
      expected[at++] = 34;
    }
    this.length = at;
  }

  protected masked1(data: Uint8Array, at: number, end: number, over: boolean): ReturnType<CellFile["masked1"]> {
    if (at >= end) return over ? { why: "the file ends" } : "more";
    const quoted = data[at] === 34;
    let to = quoted ? at + 1 : at;
    let doubled = 0;
    for (; ; to++) {
      if (to >= end) return over ? { why: "the file ends in a cell" } : "more";
      const byte = data[to];
      const special = byte === 44 || byte === 34 || byte === 10 || byte === 13;
      if (!special) continue;
      if (!quoted) break;
      if (byte !== 34) continue;
      if (to + 1 >= end && !over) return "more";
      if (data[to + 1] !== 34 || to + 1 >= end) break;
      doubled++;
      to++;
    }
    let raw = data.subarray(quoted ? at + 1 : at, to);
    if (quoted) {
      if (!raw.some((byte) => byte === 44 || byte === 34 || byte === 10 || byte === 13)) return { why: "quotes around what needs none" };
      if (doubled > 0) raw = undouble(raw, doubled);
    }
    if (raw[0] === 39) {
      raw = raw.subarray(1);
      if (raw.length === 0 || !APOSTROPHE.has(raw[0])) return { why: "an apostrophe in front of what needs none" };
    } else if (raw.length > 0 && APOSTROPHE.has(raw[0])) {
      return { why: "a formula without its apostrophe" };
    }
    const text = valueText(raw);
    if (text === null) return { why: "the cell is not UTF-8" };
    return { text: text === "" ? null : text, end: quoted ? to + 1 : to };
  }
}

function undouble(raw: Uint8Array, doubled: number): Uint8Array {
  const out = new Uint8Array(raw.length - doubled);
  let at = 0;
  for (let i = 0; i < raw.length; i++) {
    out[at++] = raw[i];
    if (raw[i] === 34) i++;
  }
  return out;
}

class JsonFile extends CellFile {
  protected readonly head: Uint8Array;
  protected readonly afterRow: Uint8Array;
  private readonly keys: Uint8Array[];
  private readonly open = ascii("{");
  private readonly next: Uint8Array;
  private readonly end: string;

  /** `lines`: NDJSON, where each object is a line and nothing is around them. */
  constructor(manifest: Manifest, reader: Reader, lines: boolean) {
    super(manifest, reader);
    const about = manifest.about;
    this.afterRow = ascii(lines ? "}\n" : "}");
    this.next = ascii(lines ? "{" : ",\n{");
    this.head = lines ? NOTHING : about === null ? ascii("[\n") : utf8(`{"about":${about},\n"rows":[\n`);
    this.end = lines ? "" : about === null ? "]\n" : `],\n"counts":${countsText(manifest.counts)}}\n`;
    this.keys = manifest.columns.map((column, n) => joined(n > 0 ? COMMA : NOTHING, utf8(`${jsonString(column.label)}:`)));
  }

  protected tail(rows: number): Uint8Array {
    return ascii((rows > 0 && this.end !== "" ? "\n" : "") + this.end);
  }

  protected before(row: number, cell: number): Uint8Array {
    if (cell === 0) return row > 0 ? this.next : this.open;
    return this.keys[cell < 0 ? 0 : cell];
  }

  protected appendEmpty(): void {
    this.append(NULL);
  }

  protected appendText(data: Uint8Array, from: number, to: number): void {
    this.room(6 * (to - from) + 2);
    const expected = this.expected;
    let at = this.length;
    expected[at++] = 34;
    for (let i = from; i < to; i++) {
      const byte = data[i];
      if (byte >= 32 && byte !== 34 && byte !== 92) {
        expected[at++] = byte;
        continue;
      }
      expected[at++] = 92;
      const short = byte >= 32 ? byte : SHORT.get(byte);
      if (short !== undefined) {
        expected[at++] = short;
        continue;
      }
      expected[at++] = 117;
      expected[at++] = 48;
      expected[at++] = 48;
      expected[at++] = HEX[byte >> 4];
      expected[at++] = HEX[byte & 15];
    }
    expected[at++] = 34;
    this.length = at;
  }

  protected appendJson(data: Uint8Array, from: number, to: number): void {
    this.room(to - from);
    this.expected.set(data.subarray(from, to), this.length);
    this.length += to - from;
  }

  protected masked1(data: Uint8Array, at: number, end: number, over: boolean): ReturnType<CellFile["masked1"]> {
    const wait = over ? { why: "the file ends in a cell" } : "more";
    if (data[at] === 110 || at >= end) {
      if (at + 4 > end) return wait;
      return NULL.every((byte, i) => data[at + i] === byte) ? { text: null, end: at + 4 } : { why: "a masked cell is no text" };
    }
    if (data[at] !== 34) return { why: "a masked cell is no text" };
    let to = at + 1;
    while (to < end && data[to] !== 34) to += data[to] === 92 ? 2 : 1;
    if (to >= end) return wait;
    const raw = valueText(data.subarray(at, to + 1));
    if (raw === null) return { why: "the cell is not UTF-8" };
    try {
      const text = parseJson(raw, "the cell") as string;
      return jsonString(text) === raw ? { text, end: to + 1 } : { why: "a text with needless escapes" };
    } catch (error) {
      return { why: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** Null where this version does not check the format. */
export function cellFile(manifest: Manifest, reader: Reader): CellFile | null {
  if (manifest.format === "csv") return new CsvFile(manifest, reader);
  if (manifest.format !== "json" && manifest.format !== "ndjson") return null;
  return new JsonFile(manifest, reader, manifest.format === "ndjson");
}
