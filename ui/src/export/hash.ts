/** Above this a browser would hold the file twice in memory; the command line hashes such files. */
const HASHED_BYTES_MAX = 256 * 1024 * 1024;

/** SHA-256 in hex, or null where the browser cannot: an insecure origin, or a file over the limit. */
export async function sha256(blob: Blob): Promise<string | null> {
  if (!globalThis.isSecureContext || blob.size > HASHED_BYTES_MAX) return null;
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fours(text: string): string {
  return text.match(/.{4}/g)?.join(" ") ?? text;
}

/** "b20f 7c41 9de0 … 51a7 77a0": twelve and eight characters in fours. */
export function shortHash(hex: string): string {
  return `${fours(hex.slice(0, 12))} … ${fours(hex.slice(-8))}`;
}
