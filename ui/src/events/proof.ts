/**
 * The proof that an event is on the log, checked here in the browser: from its entry to the signed checkpoint.
 * RFC 6962 hashing, the inclusion proof of RFC 9162 (2.1.3.2), C2SP signed notes and cosignatures.
 */
import type { Body } from "../api/api.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export type State = "ok" | "fail" | "open";

export interface Step {
  name: "entry" | "leaf" | "tree" | "root" | "checkpoint" | "witnesses";
  state: State;
  /** What was found, where it is no plain success. */
  said: string;
}

export interface Checked {
  steps: readonly Step[];
  verdict: State;
  leaf: string;
  root: string;
  /** Time of the first witness’s signature, RFC 3339, or null. */
  witnesses: readonly string[];
}

/** What the trust file says of keys: the part that is needed here. Null where this reader may not have it. */
export interface Trust {
  logs: readonly { origin: string; keys: readonly { vkey: string }[] }[];
  witnesses: readonly unknown[];
}

interface Shown {
  proof: Body<"ProofAnswer">;
  /** What the page shows of the event: path to value. */
  values: ReadonlyMap<string, string | null>;
}

const NODE = new Uint8Array([1]);
const LEAF = new Uint8Array([0]);
const ED25519 = 1;
const COSIGNATURE = 4;
const HASH_BYTES = 32;

function bytes(base64: string): Bytes {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
}

export function hex(data: Uint8Array): string {
  return [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(...parts: Bytes[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
}

/** The root that a leaf and its proof lead to. Throws where the proof has not the length that index and size need. */
export async function rootOf(leaf: Bytes, index: number, size: number, proof: readonly Bytes[]): Promise<Bytes> {
  if (index >= size) throw new Error(`index ${index} is not below the size ${size}`);
  let [at, last] = [BigInt(index), BigInt(size - 1)];
  let root = leaf;
  for (const hash of proof) {
    if (hash.length !== HASH_BYTES || last === 0n) throw new Error("the proof has not the form it must have");
    if (at % 2n === 1n || at === last) {
      // Each hash needs the one before.
      // oxlint-disable-next-line no-await-in-loop
      root = await sha256(NODE, hash, root);
      while (at % 2n === 0n && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else {
      // oxlint-disable-next-line no-await-in-loop
      root = await sha256(NODE, root, hash);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new Error("the proof is too short");
  return root;
}

interface Note {
  text: string;
  origin: string;
  size: number;
  root: Bytes;
  signatures: readonly { name: string; key: string; signature: Bytes }[];
}

/** A C2SP checkpoint. Throws where it is none. */
export function noteOf(checkpoint: string): Note {
  const cut = checkpoint.indexOf("\n\n");
  if (cut < 0) throw new Error("no signed note");
  const text = checkpoint.slice(0, cut + 1);
  const [origin = "", size = "", root = ""] = text.split("\n");
  if (!/^(?:0|[1-9]\d*)$/.test(size)) throw new Error("a checkpoint without a size");
  const signatures = checkpoint.slice(cut + 2).split("\n").filter((line) => line !== "").map((line) => {
    const [dash, name = "", data = ""] = line.split(" ");
    const decoded = bytes(data);
    if (dash !== "—" || decoded.length < 5) throw new Error("a signature not in form");
    return { name, key: hex(decoded.slice(0, 4)), signature: decoded.slice(4) };
  });
  return { text, origin, size: Number(size), root: bytes(root), signatures };
}

interface Key {
  name: string;
  id: string;
  kind: number;
  raw: Bytes;
}

function keyOf(vkey: string): Key {
  const [name = "", id = "", ...rest] = vkey.split("+");
  const data = bytes(rest.join("+"));
  return { name, id, kind: data[0] ?? 0, raw: data.slice(1) };
}

async function isSigned(key: Key, signature: Bytes, text: string): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", key.raw, "Ed25519", false, ["verify"]);
  let message = text;
  let signed = signature;
  if (key.kind === COSIGNATURE) {
    const seconds = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0);
    message = `cosignature/v1\ntime ${seconds}\n${text}`;
    signed = signature.slice(8);
  }
  return crypto.subtle.verify("Ed25519", imported, signed, new TextEncoder().encode(message));
}

/** Whether one of these keys signed the note: true or false, or why that could not be found out. */
async function signedBy(note: Note, keys: readonly Key[]): Promise<boolean | string> {
  const pairs = keys.flatMap((key) => note.signatures.filter((one) => one.name === key.name && one.key === key.id).map((one) => ({ key, signature: one.signature })));
  if (pairs.length === 0) return false;
  try {
    const answers = await Promise.all(pairs.map(({ key, signature }) => isSigned(key, signature, note.text)));
    return answers.includes(true);
  } catch {
    return "This browser can’t check Ed25519 signatures.";
  }
}

function entryStep({ proof, values }: Shown): Step {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(proof.entry) as Record<string, unknown>;
  } catch {
    return { name: "entry", state: "fail", said: "The entry is not in form." };
  }
  const other = ["action", "outcome", "at", "t"].filter((name) => values.has(name) && values.get(name) !== entry[name]);
  if (other.length === 0) return { name: "entry", state: "ok", said: "" };
  return { name: "entry", state: "fail", said: `The entry has another ${other.join(", ")} than is shown above.` };
}

async function checkpointStep(note: Note | null, proof: Shown["proof"], trust: Trust | null): Promise<Step> {
  const name = "checkpoint";
  if (note === null || note.origin !== proof.origin || note.size !== proof.size) {
    return { name, state: "fail", said: "The checkpoint is of another log or size than the proof." };
  }
  if (trust === null) return { name, state: "open", said: "Your role is not given the log’s key, so its signature was not checked." };
  const keys = trust.logs.filter((log) => log.origin === proof.origin).flatMap((log) => log.keys.map((key) => keyOf(key.vkey)));
  const signed = await signedBy(note, keys.filter((key) => key.kind === ED25519));
  if (typeof signed === "string") return { name, state: "open", said: signed };
  return signed ? { name, state: "ok", said: "" } : { name, state: "fail", said: "No key of this log signed the checkpoint." };
}

async function witnessStep(note: Note | null, trust: Trust | null): Promise<{ step: Step; names: string[] }> {
  const keys = (trust?.witnesses ?? []).map(vkeyOf).filter((vkey) => vkey !== "").map(keyOf);
  const answers = note === null ? [] : await Promise.all(keys.map(async (key) => ({ key, signed: await signedBy(note, [key]) })));
  const names = answers.filter((each) => each.signed === true).map((each) => each.key.name);
  const said = keys.length === 0 ? "none named in the trust file" : `${names.length} of ${keys.length} signed`;
  return { step: { name: "witnesses", state: names.length > 0 ? "ok" : "open", said }, names };
}

/** The key in a line of tlog-policy: `witness NAME VKEY [URL]`, or a key alone. Groups have none. */
function vkeyOf(line: unknown): string {
  if (typeof line !== "string") return "";
  const [first = "", , vkey = ""] = line.split(/ +/);
  return first === "witness" ? vkey : first === "group" ? "" : first;
}

function readNote(checkpoint: string): Note | null {
  try {
    return noteOf(checkpoint);
  } catch {
    return null;
  }
}

/** Climbs the ladder. Never throws for a bad proof: that is an answer. Throws where the browser gives no hashing. */
export async function check(shown: Shown, trust: Trust | null): Promise<Checked> {
  const { proof } = shown;
  const leaf = await sha256(LEAF, new TextEncoder().encode(proof.entry));
  const isLeaf = hex(leaf) === hex(bytes(proof.leaf));
  const root = await rootOf(leaf, proof.index, proof.size, proof.proof.map(bytes)).catch(() => null);
  const note = readNote(proof.checkpoint);
  const same = root !== null && note !== null && hex(root) === hex(note.root);
  const { step, names } = await witnessStep(note, trust);
  const steps: Step[] = [
    entryStep(shown),
    { name: "leaf", state: isLeaf ? "ok" : "fail", said: isLeaf ? "" : "It is not the hash of the entry." },
    { name: "tree", state: root === null ? "fail" : "ok", said: root === null ? "The hashes lead to no root." : "" },
    { name: "root", state: same ? "ok" : "fail", said: same ? "" : "It is not the root that was signed." },
    await checkpointStep(note, proof, trust),
    step,
  ];
  const needed = new Set(steps.filter((each) => each.name !== "witnesses").map((each) => each.state));
  const verdict = needed.has("fail") ? "fail" : needed.has("open") ? "open" : "ok";
  return { steps, verdict, leaf: hex(leaf), root: root === null ? "" : hex(root), witnesses: names };
}
