/** The container: a zip in one layout, every byte of which is accounted for (docs/format.md, container). */
import { asciiText, malformed } from "./bytes.ts";
import { crc32, newHash } from "./hash.ts";
import { toHex } from "./bytes.ts";
import { type Hasher, Reader, type Platform, type Source, SourceError } from "./source.ts";

export const MEMBERS_MAX = 512;
export const MEMBER_BYTES_MAX = 0xfffffffe;
export const UNPACKED_BYTES_MAX = 16 * 1024 ** 3;
const NAME_BYTES_MAX = 64;
const LOCAL = 30;
const CENTRAL = 46;
const END = 22;
const STORED = new Set(["salts.bin", "hidden.bin"]);
const NAME =
  /^(?:manifest\.json|data\.(?:csv|json|ndjson|parquet|xlsx|pdf)|README\.txt|verify\.html|openings\.ndjson|salts\.bin|hidden\.bin|support\.ndjson|attestation\.json|entries\.(?:0|[1-9][0-9]?)\.bin|(?:checkpoint|proof)\.(?:0|[1-9][0-9]?)|timestamp\.(?:0|[1-9][0-9]?)\.(?:[0-9]|1[0-5])\.tsr)$/;

export interface Member {
  name: string;
  method: number;
  crc: number;
  packed: number;
  size: number;
  /** First byte of the packed data. */
  start: number;
}

export class Archive {
  readonly members = new Map<string, Member>();
  /** SHA-256, hex, of the members read so far. */
  readonly hashes = new Map<string, string>();
  /** Called with the unpacked bytes of every chunk read. */
  onBytes: (bytes: number) => void = () => undefined;
  private readonly source: Source;
  private readonly platform: Platform;
  private readonly hashing: boolean;

  private constructor(source: Source, platform: Platform) {
    this.source = source;
    this.platform = platform;
    this.hashing = platform.hashes === undefined;
  }

  static async open(source: Source, platform: Platform): Promise<Archive> {
    const archive = new Archive(source, platform);
    await archive.directory();
    return archive;
  }

  private async directory(): Promise<void> {
    const size = this.source.size;
    if (size < END) malformed("the bundle is no zip: too short");
    const end = await this.source.read(size - END, size);
    const view = viewOf(end);
    if (view.getUint32(0, true) !== 0x06054b50) malformed("the bundle is no zip, or something follows its end record");
    const count = view.getUint16(10, true);
    const length = view.getUint32(12, true);
    const start = view.getUint32(16, true);
    if (view.getUint16(4, true) !== 0 || view.getUint16(6, true) !== 0 || view.getUint16(8, true) !== count) {
      malformed("the zip is spread over several disks");
    }
    if (view.getUint16(20, true) !== 0) malformed("the zip has a comment");
    if (count < 1 || count > MEMBERS_MAX) malformed(`the zip has ${count} members where 1 to ${MEMBERS_MAX} are allowed`);
    if (start + length !== size - END) malformed("the zip's central directory does not end where its end record begins");
    if (length > count * (CENTRAL + NAME_BYTES_MAX)) malformed("the zip's central directory is too long");
    const directory = await this.source.read(start, start + length);
    let at = 0;
    let next = 0;
    let total = 0;
    for (let n = 0; n < count; n++) {
      if (at + CENTRAL > length) malformed("the zip's central directory ends too early");
      const nameLength = viewOf(directory).getUint16(at + 28, true);
      if (at + CENTRAL + nameLength > length) malformed("the zip's central directory ends too early");
      const member = await this.member(directory.subarray(at, at + CENTRAL + nameLength), next, start);
      at += CENTRAL + nameLength;
      next = member.start + member.packed;
      total += member.size;
      this.members.set(member.name, member);
    }
    if (at !== length) malformed("the zip's central directory has bytes left over");
    if (next !== start) malformed("bytes lie between the zip's last member and its central directory");
    if (total > UNPACKED_BYTES_MAX) malformed(`the zip unpacks to ${total} bytes, more than ${UNPACKED_BYTES_MAX}`);
  }

  private async member(record: Uint8Array, offset: number, limit: number): Promise<Member> {
    const view = viewOf(record);
    if (view.getUint32(0, true) !== 0x02014b50) malformed("the zip's central directory is out of form");
    const name = asciiText(record, CENTRAL);
    if (!NAME.test(name)) malformed(`the zip has the member ${JSON.stringify(name).slice(0, 100)}, which no bundle has`);
    if (this.members.has(name)) malformed(`the zip has ${name} twice`);
    const method = view.getUint16(10, true);
    const packed = view.getUint32(20, true);
    const size = view.getUint32(24, true);
    if (view.getUint16(4, true) !== 20 || view.getUint16(6, true) !== 20) malformed(`${name} needs another version of zip`);
    if (view.getUint16(8, true) !== 0) malformed(`${name} has flags: encryption, a data descriptor or others`);
    if (method !== 0 && method !== 8) malformed(`${name} is packed by method ${method}`);
    if (method !== 0 && STORED.has(name)) malformed(`${name} must be stored, not packed`);
    if (view.getUint16(12, true) !== 0 || view.getUint16(14, true) !== 0x21) malformed(`${name} has a time of its own`);
    if (view.getUint16(30, true) !== 0 || view.getUint16(32, true) !== 0) malformed(`${name} has extra fields or a comment`);
    if (view.getUint16(34, true) !== 0 || view.getUint16(36, true) !== 0 || view.getUint32(38, true) !== 0) {
      malformed(`${name} has attributes or lies on another disk`);
    }
    if (packed > MEMBER_BYTES_MAX || size > MEMBER_BYTES_MAX) malformed(`${name} has more than ${MEMBER_BYTES_MAX} bytes`);
    if (method === 0 && packed !== size) malformed(`${name} is stored and declares two sizes`);
    if (view.getUint32(42, true) !== offset) malformed(`${name} does not begin where the member before it ends`);
    const start = offset + LOCAL + name.length;
    if (start + packed > limit) malformed(`${name} reaches into the central directory`);
    const local = await this.source.read(offset, start);
    const head = viewOf(local);
    if (head.getUint32(0, true) !== 0x04034b50) malformed(`${name} has no local header`);
    // Version to extra length, then the name: the central record's fields again.
    for (let i = 0; i < 26; i++) if (local[4 + i] !== record[6 + i]) malformed(`${name}: local and central header differ`);
    if (asciiText(local, LOCAL) !== name) malformed(`${name}: local and central header differ in the name`);
    return { name, method, crc: view.getUint32(16, true), packed, size, start };
  }

  /** The unpacked bytes of a member, once: size, CRC and the end of the deflate stream are checked on the way. */
  async *chunks(name: string): AsyncGenerator<Uint8Array> {
    const member = this.members.get(name);
    if (member === undefined) malformed(`${name} is missing`);
    const hasher: Hasher | null = this.hashing ? (this.platform.newHash ?? newHash)() : null;
    let size = 0;
    let crc = 0;
    for await (const chunk of this.unpacked(member)) {
      size += chunk.length;
      if (size > member.size) malformed(`${name} unpacks to more than the ${member.size} bytes it declares`);
      crc = crc32(chunk, crc);
      hasher?.update(chunk);
      this.onBytes(chunk.length);
      yield chunk;
    }
    if (size !== member.size) malformed(`${name} unpacks to ${size} bytes where it declares ${member.size}`);
    if (crc !== member.crc) malformed(`${name} has another CRC than it declares`);
    if (hasher !== null) this.hashes.set(name, toHex(hasher.digest()));
  }

  private async *unpacked(member: Member): AsyncGenerator<Uint8Array> {
    const end = member.start + member.packed;
    if (member.method === 0) {
      for (let at = member.start; at < end; at += 1 << 18) yield await this.source.read(at, Math.min(at + (1 << 18), end));
      return;
    }
    try {
      yield* this.platform.inflate(this.source, member.start, end);
    } catch (error) {
      if (error instanceof SourceError) throw error;
      malformed(`${member.name} is no whole deflate stream: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  reader(name: string): Reader {
    return new Reader(this.chunks(name));
  }

  /** All of a member that has at most `max` bytes. */
  async whole(name: string, max: number): Promise<Uint8Array<ArrayBuffer>> {
    const member = this.members.get(name);
    if (member === undefined) malformed(`${name} is missing`);
    if (member.size > max) malformed(`${name} has ${member.size} bytes, more than ${max}`);
    const out = new Uint8Array(member.size);
    let at = 0;
    for await (const chunk of this.chunks(name)) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
