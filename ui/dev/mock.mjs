// A stand-in for `affidavit serve`, for working on the page: node dev/mock.mjs [PORT]. Invented data, no log behind it.
// It serves the built page under the same policy as the server, and misbehaves on request:
//   user “down” → 503, user “bad” → 422, user “slow” → a slow stream, user “cut” → a stream that breaks off, action “none.such” → no rows.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const PORT = Number(process.argv[2] ?? 8787);
const BUILT = fileURLToPath(new URL("../../src/affidavit/web/static/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const ACTIONS = ["login", "grade.updated", "transcript.disclosed", "record.viewed", "file-download", "aid.award_changed", "password.reset"];
const TOKENS = ["q2mf4x3abkc27nw3teh5zr2dye", "c7n3w2tebmq2mf4xabkh5zr2dy", "k5d2zr7ybmq2mf4xabkh5zr2dy", "x3v7h2qmbk5d2zr7ymf4xabkc2"].map((text) => `tk_${text}`);
const RESOURCES = ["enrollment:17", "transcript:2026-u1042", "/reports/financial-2023", "degree_plan:881", "arn:aws:iam::218007301253:role/northgate-registrar-sync-production"];

const row = (n) => ({
  timestamp: new Date(Date.UTC(2026, 9, 31, 17, 58, 12, 123) - n * 411_000).toISOString().replace("Z", "000Z"),
  user_id: TOKENS[n % TOKENS.length],
  action: ACTIONS[(n * 3 + 1) % ACTIONS.length],
  resource: RESOURCES[(n * 2) % RESOURCES.length],
});

const answer = (response, status, body, type = "application/json") => {
  response.writeHead(status, { "Content-Type": type });
  response.end(JSON.stringify(body));
};
const problem = (response, status, title, detail, errors = []) => answer(response, status, { type: "about:blank", title, status, detail, errors }, "application/problem+json");

async function bodyOf(request) {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text);
}

function rowsFor(body) {
  if (body.actions.includes("none.such")) return 0;
  return body.user_ids.length > 0 ? 412 : 18236;
}

function estimate(response, body) {
  const rows = rowsFor(body);
  const verdicts = ["AUTHENTIC", "COMPLETE", "TIMED", "WITNESSED", "VIEW MATCHES"].map((name) => ({ name, state: name === "WITNESSED" ? "depends" : "provable", reason: "Invented" }));
  const found = { rows, exact: rows < 10_000, bytes: rows * 120, seconds: rows / 9000, never: rows === 0, verdicts };
  answer(response, 200, { rows: Array.from({ length: Math.min(rows, 10) }, (_, n) => row(n)), estimate: found });
}

async function exported(response, body) {
  if (body.user_ids.includes("down")) return problem(response, 503, "Service unavailable", "The archive does not answer.");
  if (body.user_ids.includes("bad")) {
    return problem(response, 422, "Unprocessable", "", [
      { field: "user_ids", message: "“bad” is not a user id this log can hold. Remove it." },
      { field: "end_date", message: "2026-13-01 is not a date. Use YYYY-MM-DD." },
    ]);
  }
  const rows = rowsFor(body);
  const type = body.format === "csv" ? "text/csv; charset=utf-8" : "application/json";
  response.writeHead(200, { "Content-Type": type, "Affidavit-Rows": rows, "Content-Disposition": `attachment; filename="affidavit-default-20261124T101500Z.${body.format}"` });
  const pause = body.user_ids.includes("slow") ? 150 : 0;
  response.write("timestamp,user_id,action,resource\r\n");
  for (let n = 0; n < rows; n += 1) {
    response.write(`${Object.values(row(n)).join(",")}\r\n`);
    // oxlint-disable-next-line no-await-in-loop
    if (pause > 0 && n % 20 === 0) await new Promise((done) => setTimeout(done, pause));
    if (n === 100 && body.user_ids.includes("cut")) {
      setTimeout(() => response.destroy(), 300);
      return;
    }
  }
  response.end();
}

function page(response, path) {
  const file = join(BUILT, normalize(path === "/" ? "/index.html" : path));
  if (!file.startsWith(BUILT) || !existsSync(file)) return problem(response, 404, "Not found", path);
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": "default-src 'self'; style-src 'self'" });
  createReadStream(file).pipe(response);
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://mock");
  if (url.pathname === "/api/v1/status") {
    const at = new Date(Date.now() - 125_000).toISOString();
    return answer(response, 200, { tenant: "default", name: "Northgate University", zone: "America/Chicago", entries: 38412, checkpoint: { size: 38412, at }, version: "0.1.0", signed_in: false });
  }
  if (url.pathname === "/api/v1/values") {
    const names = url.searchParams.get("field") === "action" ? ACTIONS : ["u1", "u1042", "m.okafor", "d.lindqvist", "svc-sis-sync"];
    const values = names.map((value, n) => ({ value, count: 9120 >> n })).filter(({ value }) => value.includes(url.searchParams.get("q") ?? ""));
    return answer(response, 200, { values });
  }
  if (url.pathname === "/api/v1/exports/estimate") return estimate(response, await bodyOf(request));
  if (url.pathname === "/api/export-compliance-logs") return exported(response, await bodyOf(request));
  return page(response, url.pathname);
}).listen(PORT, "127.0.0.1", () => console.log(`mock on http://127.0.0.1:${PORT}`));
