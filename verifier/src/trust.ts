/** The trust file: whom a verifier believes. It never comes from the bundle. */
import { decodeText, malformed, Malformed } from "./bytes.ts";
import { listed, matching, parseJson, shaped, text, whole } from "./json.ts";
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
  quorum: number;
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
  const witnesses = listed(top.get("witnesses"), "witnesses", 0, 64).map((item, n) => witness(text(item, `witnesses[${n}]`)));
  if (new Set(witnesses.map((key) => `${key.name}+${key.id}`)).size !== witnesses.length) malformed("a witness is there twice");
  const quorum = whole(top.get("quorum"), "quorum");
  if (quorum > witnesses.length) malformed(`quorum is ${quorum} and there are ${witnesses.length} witnesses`);
  listed(top.get("timestamp_roots"), "timestamp_roots");
  const pages = listed(top.get("verify_html"), "verify_html").map((item) => matching(item, /^[0-9a-f]{64}$/, "verify_html"));
  const [tenant, name] = ["tenant", "name"].map((key) => matching(top.get(key), /^[^]+$/, key));
  return { tenant, name, logs, witnesses, quorum, pages };
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

/** A vkey, or `witness <name> <vkey> [<url>]`. */
function witness(line: string): VerifierKey {
  const words = line.split(/[ \t]+/);
  const policy = words[0] === "witness";
  if (policy ? words.length < 3 || words.length > 4 : words.length !== 1) malformed(`${JSON.stringify(line)} is no witness`);
  const key = parseKey(policy ? words[2] : line);
  if (!key.cosigns) malformed(`${JSON.stringify(line)} is no cosignature key`);
  return key;
}
