/** Why a file is no table, in words for whoever chose it. */
export class NoTable extends Error {
  override readonly name = "NoTable";
}

export type TableRow = Record<string, string>;

/** Rows of a CSV file (RFC 4180: quotes, doubled quotes, line breaks within them) by the names in its first line. Throws NoTable. */
export function rowsOf(text: string): TableRow[] {
  const lines = cellsOf(text.replace(/^\uFEFF/, "")).filter((cells) => cells.length > 1 || cells[0] !== "");
  const header = (lines.shift() ?? []).map((name) => name.trim().toLowerCase());
  if (header.length === 0) throw new NoTable("The file is empty. Its first line names the columns.");
  const twice = header.find((name, at) => header.indexOf(name) !== at);
  if (twice !== undefined) throw new NoTable(`The column “${twice}” stands there twice.`);
  return lines.map((cells, at) => {
    if (cells.length !== header.length) throw new NoTable(`Row ${at + 1} has ${cells.length} cells under ${header.length} columns. Check commas and quotes.`);
    return Object.fromEntries(header.map((name, column) => [name, cells[column] ?? ""]));
  });
}

function cellsOf(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  // A cell, quoted or plain, and what ends it. Each match takes at least its end, so that it goes on.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/gy;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const found = cell.exec(text);
    if (found === null) throw new NoTable(`Row ${lines.length}: a quote is not closed, or stands within a cell: “${text.slice(at, at + 20)}”.`);
    line.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === ",") {
      if (cell.lastIndex === text.length) line.push("");
      else continue;
    }
    lines.push(line);
    line = [];
  }
  return lines;
}
