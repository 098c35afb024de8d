/** The trust file: whom a verifier believes. It never comes from the bundle. */
import { decodeText, equalBytes, fromBase64, malformed, Malformed } from "./bytes.ts";
import { type Json, listed, matching, parseJson, shaped, text, whole } from "./json.ts";
import { parseKey, type VerifierKey } from "./note.ts";

export const TRUST_BYTES_MAX = 4 * 1024 * 1024;
export const ORIGIN = /^affidavit\/[0-9a-f]{32}$/;
export const STREAM = /^[a-z][a-z0-9_-]{0,63}$/;

export interface TrustedKey {
  key: VerifierKey;
  from: number;
  /** Infinity where it is open. */
  to: number;
}

export interface TrustedLog {
  origin: string;
  stream: string;
  keys: TrustedKey[];
}

export interface Trust {
  tenant: string;
  name: string;
  logs: Map<string, TrustedLog>;
  witnesses: VerifierKey[];
  /** Whether these witnesses, by name, fulfil the quorum; null where none is asked for. */
  quorum: ((names: ReadonlySet<string>) => boolean) | null;
  pages: string[];
}

/** The trust file is not in form: no verdict can be given. */
export class TrustRefused extends Error {}

/** Throws TrustRefused, which says what is wrong. */
export function parseTrust(bytes: Uint8Array): Trust {
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof Malformed) throw new TrustRefused(`The trust file is not in form: ${error.message}.`);
    throw error;
  }
}

function parse(bytes: Uint8Array): Trust {
  if (bytes.length > TRUST_BYTES_MAX) malformed(`it has ${bytes.length} bytes, more than ${TRUST_BYTES_MAX}`);
  const keys = ["tenant", "name", "logs", "witnesses", "quorum", "timestamp_roots", "verify_html"];
  const top = shaped(parseJson(decodeText(bytes, "it"), "it"), keys, "it");
  const logs = new Map<string, TrustedLog>();
  for (const [n, item] of listed(top.get("logs"), "logs", 0, 1024).entries()) {
    const log = shaped(item, ["origin", "stream", "keys"], `logs[${n}]`);
    const origin = matching(log.get("origin"), ORIGIN, `logs[${n}].origin`);
    if (logs.has(origin)) malformed(`the log ${origin} is there twice`);
    const stream = matching(log.get("stream"), STREAM, `logs[${n}].stream`);
    const list = listed(log.get("keys"), `logs[${n}].keys`, 0, 256).map((key, m) => trustedKey(key, `logs[${n}].keys[${m}]`));
    logs.set(origin, { origin, stream, keys: list });
  }
  const policy = new Policy();
  for (const [n, item] of listed(top.get("witnesses"), "witnesses", 0, 64).entries()) policy.line(text(item, `witnesses[${n}]`));
  const quorum = policy.quorum(top.get("quorum") as Json);
  for (const root of listed(top.get("timestamp_roots"), "timestamp_roots", 0, 64)) {
    if (!isDer(fromBase64(text(root, "timestamp_roots")))) malformed("timestamp_roots has what is no DER in padded base64");
  }
  const pages = listed(top.get("verify_html"), "verify_html").map((item) => matching(item, /^[0-9a-f]{64}$/, "verify_html"));
  const [tenant, name] = ["tenant", "name"].map((key) => matching(top.get(key), /^[^]+$/, key));
  return { tenant, name, logs, witnesses: policy.witnesses, quorum, pages };
}

function trustedKey(item: Parameters<typeof shaped>[0], what: string): TrustedKey {
  const key = shaped(item, ["vkey", "from_size", "to_size"], what);
  const parsed = parseKey(text(key.get("vkey"), `${what}.vkey`));
  if (parsed.cosigns) malformed(`${what} is a witness's key`);
  const from = whole(key.get("from_size"), `${what}.from_size`);
  const last = key.get("to_size");
  const to = last === null ? Number.POSITIVE_INFINITY : whole(last, `${what}.to_size`);
  if (to < from) malformed(`${what} ends before it begins`);
  return { key: parsed, from, to };
}

/** Whether the bytes are one DER sequence, as a certificate is. Nothing here looks further into one. */
function isDer(bytes: Uint8Array | null): boolean {
  if (bytes === null || bytes[0] !== 0x30) return false;
  const more = bytes[1] < 0x80 ? 0 : bytes[1] & 0x7f;
  if (more > 3 || bytes[1] === 0x80) return false;
  const length = more === 0 ? bytes[1] : bytes.subarray(2, 2 + more).reduce((sum, byte) => sum * 256 + byte, 0);
  return bytes.length === 2 + more + length;
}

type Fulfils = (names: ReadonlySet<string>) => boolean;

/** Witnesses and groups, as tlog-policy has them. */
class Policy {
  readonly witnesses: VerifierKey[] = [];
  private readonly names = new Map<string, Fulfils>();
  private readonly members = new Set<string>();

  line(line: string): void {
    const words = line.split(/ +/);
    if (words[0] === "group") this.group(words.slice(1), line);
    else if (words[0] !== "witness") this.witness(line, null, line);
    else if (words.length !== 3 && words.length !== 4) malformed(`${JSON.stringify(line)} is no witness`);
    else this.witness(words[2], words[1], line);
  }

  private define(name: string, fulfils: Fulfils, line: string): void {
    if (name === "" || name === "none" || this.names.has(name)) malformed(`${JSON.stringify(line)}: the name ${JSON.stringify(name)} is not free`);
    this.names.set(name, fulfils);
  }

  private witness(vkey: string, name: string | null, line: string): void {
    const key = parseKey(vkey);
    if (!key.cosigns) malformed(`${JSON.stringify(line)} is no cosignature key`);
    if (this.witnesses.some((other) => equalBytes(other.key, key.key))) malformed(`${JSON.stringify(line)}: the key is there twice`);
    const called = name ?? key.name;
    this.define(called, (names) => names.has(`${key.name}+${key.id}`), line);
    this.witnesses.push(key);
  }

  private group([name, rule, ...members]: string[], line: string): void {
    if (members.length === 0) malformed(`${JSON.stringify(line)} is no group`);
    const parts = members.map((member) => {
      const part = this.names.get(member);
      if (part === undefined || this.members.has(member)) malformed(`${JSON.stringify(line)}: ${JSON.stringify(member)} is no name, or a member already`);
      this.members.add(member);
      return part;
    });
    const least = rule === "all" ? parts.length : rule === "any" ? 1 : /^[1-9][0-9]?$/.test(rule) ? Number(rule) : 0;
    if (least < 1 || least > parts.length) malformed(`${JSON.stringify(line)} asks for ${JSON.stringify(rule)} of ${parts.length}`);
    this.define(name, (names) => parts.filter((part) => part(names)).length >= least, line);
  }

  quorum(value: Json): Fulfils | null {
    if (typeof value === "number") {
      const least = whole(value, "quorum");
      if (least > this.witnesses.length) malformed(`quorum is ${least} of ${this.witnesses.length} witnesses`);
      return least === 0 ? null : (names) => names.size >= least;
    }
    const name = text(value, "quorum");
    if (name === "none") return null;
    const fulfils = this.names.get(name);
    if (fulfils === undefined) malformed(`quorum is ${JSON.stringify(name)}, which is no name of a witness or group`);
    return fulfils;
  }
}
