/** Masks: which cells each may show (docs/format.md, masks). */
import { malformed } from "./bytes.ts";
import { isCanonicalNetwork } from "./ip.ts";
import { type Json, listed, matching, shaped, whole } from "./json.ts";

export const CLASSES = [
  "none", "staff", "person_name", "email", "phone", "subject", "government_id", "account", "card", "ip", "subject_date",
  "location", "device", "organisation", "resource", "change", "free",
];
export const PATH = /^(?=[^]{1,128}$)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;
export const OWNERS_MAX = 16;

export interface Mask {
  name: string;
  /** Class of `token`, `vault`, `type`. */
  class: string | null;
  inner: Mask | null;
  /** Whether a text that is not empty may stand in a cell. */
  allows: (cell: string) => boolean;
}

const NONE: Record<string, (cell: string) => boolean> = {
  keep: () => false,
  remove: () => false,
  replace: () => true,
  email: isEmail,
  phone: (cell) => /^\*\*\*[0-9]{2}$/.test(cell),
  card: (cell) => /^[0-9]{6}\*{6}[0-9]{4}$/.test(cell),
  month: (cell) => /^[0-9]{4}-(0[1-9]|1[0-2])$/.test(cell),
  age: (cell) => /^([0-9]|[1-8][0-9]|90\+)$/.test(cell),
  region: (cell) => /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(cell),
};

function isEmail(cell: string): boolean {
  const found = /^[A-Za-z0-9]?\*\*\*@([^]*)$/.exec(cell);
  return found !== null && found[1].length <= 253 && /^([a-z0-9]([a-z0-9-]*[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(found[1]);
}

function classed(value: Json, what: string): string {
  const name = shaped(value, ["mask", "class"], what).get("class");
  if (typeof name !== "string" || !CLASSES.includes(name)) malformed(`${what} has the class ${JSON.stringify(name)}, which there is not`);
  return name;
}

export function parseMask(value: Json | undefined, what: string, inside = false): Mask {
  if (!(value instanceof Map)) malformed(`${what} is no mask`);
  const name = value.get("mask");
  const mask = (allows: (cell: string) => boolean, kind: string | null = null, inner: Mask | null = null): Mask => ({
    name: String(name), class: kind, inner, allows,
  });
  switch (name) {
    case "token":
      return mask((cell) => /^tk_[a-z2-7]{26}$/.test(cell), classed(value, what));
    case "vault":
      return mask((cell) => /^vt_[a-z2-7]{26}$/.test(cell), classed(value, what));
    case "type": {
      const kind = classed(value, what);
      return mask((cell) => cell === `[${kind}]`, kind);
    }
    case "last": {
      const n = whole(shaped(value, ["mask", "n"], what).get("n"), `${what}.n`, 6);
      if (n < 1) malformed(`${what}.n is 0`);
      const shown = new RegExp(`^\\*{4}([A-Za-z0-9]{${n}})?$`);
      return mask((cell) => shown.test(cell));
    }
    case "ip": {
      const top = shaped(value, ["mask", "v4", "v6"], what);
      const [v4, v6] = [whole(top.get("v4"), `${what}.v4`, 24), whole(top.get("v6"), `${what}.v6`, 48)];
      if (v4 < 8 || v6 < 16) malformed(`${what} has a prefix length that is not allowed`);
      return mask((cell) => isCanonicalNetwork(cell, v4, v6));
    }
    case "year": {
      const asOf = whole(shaped(value, ["mask", "as_of"], what).get("as_of"), `${what}.as_of`, 9999);
      if (asOf < 1970) malformed(`${what}.as_of is before 1970`);
      return mask((cell) => cell === "90+" || (/^[0-9]{4}$/.test(cell) && Number(cell) > asOf - 90));
    }
    case "own": {
      if (inside) malformed(`${what} is own within own`);
      const top = shaped(value, ["mask", "owners", "inner"], what);
      for (const owner of listed(top.get("owners"), `${what}.owners`, 0, OWNERS_MAX)) matching(owner, PATH, `${what}.owners`);
      const inner = parseMask(top.get("inner"), `${what}.inner`, true);
      return mask(inner.allows, inner.class, inner);
    }
    default: {
      const allows = typeof name === "string" && Object.hasOwn(NONE, name) ? NONE[name] : undefined;
      if (allows === undefined) malformed(`${what} is the mask ${JSON.stringify(name)}, which there is not`);
      shaped(value, ["mask"], what);
      return mask(allows);
    }
  }
}
