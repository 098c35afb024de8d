/** Where bytes come from: a source of random access, and a reader that fills its buffer from chunks. */
import { malformed } from "./bytes.ts";

/** The bundle could not be read: no verdict on it. */
export class SourceError extends Error {}

export interface Source {
  readonly size: number;
  /** Rejects with a SourceError. */
  read(from: number, to: number): Promise<Uint8Array>;
}

/** Fixed-size pages kept outside of memory. `page(n)` gives what the n-th `append` took. */
export interface Scratch {
  append(page: Uint8Array): void;
  page(n: number): Promise<Uint8Array>;
  close(): void;
}

export interface Hasher {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** What Node and a browser do differently. */
export interface Platform {
  /** The inflated bytes of `source[from..to)`. MUST throw unless the deflate stream ends exactly at `to`. */
  inflate(source: Source, from: number, to: number): AsyncIterable<Uint8Array>;
  scratch(): Scratch;
  /** A faster SHA-256 for whole members, where the platform has one. */
  newHash?: () => Hasher;
  /** SHA-256 of members by somebody else; without it the verifier hashes while it reads. */
  hashes?: (names: string[]) => Promise<Map<string, string>>;
}

/** Sequential bytes with a buffer: `data[pos..end)` is what can be read at once. */
export class Reader {
  data: Uint8Array = new Uint8Array(0);
  pos = 0;
  end = 0;
  /** Nothing comes after `end`. */
  over = false;
  private owned = false;
  private readonly chunks: AsyncIterator<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  get left(): number {
    return this.end - this.pos;
  }

  /** Read one chunk more. False at the end. Bytes before `pos` are forgotten. */
  async more(): Promise<boolean> {
    if (this.over) return false;
    const { value, done } = await this.chunks.next();
    if (done === true) {
      this.over = true;
      return false;
    }
    if (this.left === 0) {
      this.data = value;
      this.pos = 0;
      this.end = value.length;
      this.owned = false; // the chunk is somebody else's
      return true;
    }
    const left = this.left;
    if (this.data.length - this.end >= value.length && this.owned) {
      this.data.set(value, this.end);
    } else {
      const room = new Uint8Array(Math.max(2 * (left + value.length), 65_536));
      room.set(this.data.subarray(this.pos, this.end));
      room.set(value, left);
      this.data = room;
      this.pos = 0;
      this.end = left;
      this.owned = true;
    }
    this.end += value.length;
    return true;
  }

  /** Have at least so many bytes in the buffer. False where the stream ends before. */
  async need(bytes: number): Promise<boolean> {
    while (this.left < bytes) if (!(await this.more())) return false;
    return true;
  }

  async atEnd(): Promise<boolean> {
    return !(await this.need(1));
  }

  /** Read to the end, so that sizes and hashes are known. */
  async drain(): Promise<void> {
    do this.pos = this.end;
    while (await this.more());
  }

  /** Offset of the next LF from `pos`, having read as far as needed; −1 at the end of the stream. */
  async line(max: number, what: string): Promise<number> {
    let from = this.pos;
    for (;;) {
      const found = this.data.subarray(0, this.end).indexOf(10, from);
      if (found >= 0) {
        if (found - this.pos > max) malformed(`a line of ${what} has more than ${max} bytes`);
        return found;
      }
      if (this.left > max) malformed(`a line of ${what} has more than ${max} bytes`);
      const seen = this.left;
      if (!(await this.more())) {
        if (this.left > 0) malformed(`the last line of ${what} does not end`);
        return -1;
      }
      from = this.pos + seen;
    }
  }
}
