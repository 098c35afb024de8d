/** IP addresses exactly as written, for `cidr` and the mask `ip`. */

/** Bits of an address, most significant byte first: 4 bytes or 16. */
export type Address = number[];

function v4(text: string): Address | null {
  const found = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/.exec(text);
  if (found === null) return null;
  const bytes = found.slice(1).map(Number);
  return bytes.every((byte) => byte < 256) ? bytes : null;
}

function groups(text: string): number[] | null {
  if (text === "") return [];
  const out: number[] = [];
  const parts = text.split(":");
  for (const [n, part] of parts.entries()) {
    if (part.includes(".") && n === parts.length - 1) {
      const tail = v4(part);
      if (tail === null) return null;
      out.push(tail[0] * 256 + tail[1], tail[2] * 256 + tail[3]);
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return null;
      out.push(Number.parseInt(part, 16));
    }
  }
  return out;
}

function v6(text: string): Address | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [left, right] = halves.map(groups);
  if (left === null || right === null) return null;
  let all = left;
  if (halves.length === 2) {
    if (halves[0].includes(".")) return null;
    const gap = 8 - left.length - right.length;
    if (gap < 1) return null;
    all = [...left, ...new Array<number>(gap).fill(0), ...right];
  }
  return all.length === 8 ? all.flatMap((group) => [group >> 8, group & 255]) : null;
}

export function parseAddress(text: string): Address | null {
  return text.length > 64 ? null : text.includes(":") ? v6(text) : v4(text);
}

function isMapped(address: Address): boolean {
  return address.length === 16 && address.slice(0, 10).every((byte) => byte === 0) && address[10] === 255 && address[11] === 255;
}

export interface Network {
  address: Address;
  bits: number;
}

/** A network, or one address; an IPv4-mapped one is the IPv4 network. Null for anything else. */
export function parseNetwork(text: string): Network | null {
  const [head, tail, ...more] = text.split("/");
  const address = parseAddress(head);
  if (address === null || more.length > 0) return null;
  if (tail !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(tail)) return null;
  const bits = tail === undefined ? address.length * 8 : Number(tail);
  if (bits > address.length * 8) return null;
  return isMapped(address) && bits >= 96 ? { address: address.slice(12), bits: bits - 96 } : { address, bits };
}

export function isIn(text: string, network: Network): boolean {
  let address = parseAddress(text);
  if (address === null) return false;
  if (isMapped(address)) address = address.slice(12);
  if (address.length !== network.address.length) return false;
  return hostBits(address, network.bits, network.address) === 0;
}

/** Difference within the first `bits` bits; 0 where there is none. */
function hostBits(a: Address, bits: number, b: Address): number {
  for (let n = 0; n < a.length; n++) {
    const here = Math.max(0, Math.min(8, bits - 8 * n));
    const by = (a[n] ^ b[n]) & (0xff00 >> here) & 0xff;
    if (by !== 0) return by;
  }
  return 0;
}

/** An IPv6 address as RFC 5952 writes it, an IPv4 one dotted. */
export function addressText(address: Address): string {
  if (address.length === 4) return address.join(".");
  const parts = Array.from({ length: 8 }, (_, n) => address[2 * n] * 256 + address[2 * n + 1]);
  let best = -1;
  let length = 1;
  for (let n = 0; n < 8; n++) {
    let end = n;
    while (end < 8 && parts[end] === 0) end++;
    if (end - n > length) [best, length] = [n, end - n];
  }
  const hex = parts.map((part) => part.toString(16));
  if (best < 0) return hex.join(":");
  return `${hex.slice(0, best).join(":")}::${hex.slice(best + length).join(":")}`;
}

/** Whether this text is a network of that length without host bits, in canonical form. */
export function isCanonicalNetwork(text: string, bits4: number, bits6: number): boolean {
  const [head, tail, ...more] = text.split("/");
  const address = parseAddress(head);
  if (address === null || tail === undefined || more.length > 0) return false;
  const bits = address.length === 4 ? bits4 : bits6;
  const zero = address.map((byte, n) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * n))) & 0xff);
  return tail === String(bits) && zero.every((byte, n) => byte === address[n]) && addressText(address) === head;
}
