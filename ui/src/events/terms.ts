/** A query’s text as conditions side by side. The server reads queries; this only tells where one condition ends and the next begins. */

/** Conditions of a query, as they are written. What is joined by OR stays one condition, in parentheses. */
export function termsOf(query: string): string[] {
  const parts = pieces(query);
  const words = parts.filter((part) => part !== "AND");
  if (words.includes("OR")) return [`(${parts.join(" ")})`];
  const terms: string[] = [];
  let not = "";
  for (const word of words) {
    if (word === "NOT") not += "NOT ";
    else {
      terms.push(not + word);
      not = "";
    }
  }
  if (not !== "") terms.push(not.trim());
  return terms.filter((term) => term !== "*");
}

/** Splits at white space outside of quotes and parentheses. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let piece = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quoted && sign === "\\") {
      piece += sign + text.charAt(at + 1);
      at += 1;
      continue;
    }
    if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === "(") depth += 1;
    else if (!quoted && sign === ")") depth -= 1;
    if (!quoted && depth <= 0 && /\s/.test(sign)) {
      if (piece !== "") found.push(piece);
      piece = "";
    } else piece += sign;
  }
  if (piece !== "") found.push(piece);
  return found;
}

export function queryOf(terms: readonly string[]): string {
  return terms.join(" ");
}

/** One condition taken apart for showing: `not`, `outcome`, `success`. Field is "" for free text and groups. */
export function shownTerm(term: string): { not: boolean; field: string; rest: string } {
  const not = /^(?:-|NOT\s+)/.exec(term)?.[0] ?? "";
  const plain = term.slice(not.length);
  const found = /^([a-z_][\w.-]*)(:|=|>=|<=|>|<|~)(.+)$/is.exec(plain);
  if (found === null) return { not: not !== "", field: "", rest: plain };
  const [, field = "", sign = ":", value = ""] = found;
  return { not: not !== "", field, rest: sign === ":" ? value : `${sign} ${value}` };
}

/** A value as a query writes it: quoted where it would not be read as one literal value. */
export function quotedValue(value: string): string {
  if (/^[\w.@/+-]+$/.test(value) && !/\.\./.test(value)) return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

const LIST = /^\((.*)\)$/s;

function listed(rest: string): string[] {
  const inside = LIST.exec(rest)?.[1];
  if (inside === undefined) return [rest];
  return inside.match(/"(?:\\.|[^"\\])*"|[^,]+/gs)?.map((value) => value.trim()) ?? [];
}

/** The values a query asks for in a field by plain conditions: those a facet shows ticked. */
export function valuesAsked(terms: readonly string[], field: string): string[] {
  return terms.flatMap((term) => {
    const shown = shownTerm(term);
    return !shown.not && shown.field === field && !/^[^"]*\*/.test(shown.rest) ? listed(shown.rest).map(unquoted) : [];
  });
}

function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1).replace(/\\(["\\])/g, "$1") : value;
}

/** The conditions without those that name values of a field: what that facet is counted over. */
export function without(terms: readonly string[], field: string): string[] {
  return terms.filter((term) => valuesAsked([term], field).length === 0);
}

/** Adds a value to what a field may be, or takes it away again. */
export function toggled(terms: readonly string[], field: string, value: string): string[] {
  const asked = valuesAsked(terms, field);
  const next = asked.includes(value) ? asked.filter((each) => each !== value) : [...asked, value];
  const rest = without(terms, field);
  if (next.length === 0) return rest;
  const written = next.map(quotedValue);
  return [...rest, `${field}:${written.length === 1 ? written[0] : `(${written.join(",")})`}`];
}
