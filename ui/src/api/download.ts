import type { ExportRequest } from "../export/conditions.ts";
import { asJson, call, type Client } from "./client.ts";
import { CutOff } from "./problem.ts";

export interface Progress {
  bytes: number;
  /** The whole size, when the server told it beforehand. */
  totalBytes: number | null;
  /** Rows in the file, when the server told them beforehand. */
  rows: number | null;
}

export interface Download {
  blob: Blob;
  fileName: string;
  rows: number | null;
}

function count(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** The name in Content-Disposition (RFC 6266: `filename*` goes first), stripped of any path. */
export function fileNameFrom(disposition: string | null, fallback: string): string {
  const coded = /filename\*=utf-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  const plain = /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1];
  let name = plain ?? fallback;
  try {
    if (coded !== undefined) name = decodeURIComponent(coded);
  } catch {
    // A malformed escape: the plain name, or the fallback, has to do.
  }
  return name.split(/[/\\]/).pop()?.trim() || fallback;
}

/** Runs an export and holds the file. Throws what `call` throws, and CutOff when the file broke off: a part is never handed over. */
export async function download(
  client: Client,
  request: ExportRequest,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Download> {
  const response = await call(client, "api/export-compliance-logs", asJson(request, signal));
  // A length of the encoded body says nothing about the decoded bytes we count.
  const totalBytes = response.headers.has("Content-Encoding") ? null : count(response.headers, "Content-Length");
  const rows = count(response.headers, "Affidavit-Rows");
  const chunks: BlobPart[] = [];
  let bytes = 0;
  onProgress({ bytes, totalBytes, rows });
  const reader = response.body?.getReader();
  try {
    for (;;) {
      // Chunks come one after another: there is nothing to await at the same time.
      // oxlint-disable-next-line no-await-in-loop
      const part = await reader?.read();
      if (part === undefined || part.done) break;
      chunks.push(part.value);
      bytes += part.value.byteLength;
      onProgress({ bytes, totalBytes, rows });
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new CutOff(bytes);
  }
  const type = response.headers.get("Content-Type") ?? "application/octet-stream";
  const fallback = `affidavit-export.${request.format}`;
  return { blob: new Blob(chunks, { type }), fileName: fileNameFrom(response.headers.get("Content-Disposition"), fallback), rows };
}
