import { afterEach, expect, test, vi } from "vitest";
import { download, fileNameFrom, type Progress } from "./download.ts";
import { CutOff, NoAnswer } from "./problem.ts";

const CLIENT = { baseUrl: "http://127.0.0.1/audit", getToken: () => "secret" };
const request = { start_date: null, end_date: null, user_ids: [], actions: [], format: "csv" } as const;

vi.stubGlobal("document", { baseURI: "http://127.0.0.1/elsewhere/" });
afterEach(() => vi.restoreAllMocks());

function streamOf(parts: string[], fault?: Error): ReadableStream<Uint8Array> {
  const waiting = [...parts];
  return new ReadableStream({
    pull(controller) {
      const part = waiting.shift();
      if (part !== undefined) controller.enqueue(new TextEncoder().encode(part));
      else if (fault === undefined) controller.close();
      else controller.error(fault);
    },
  });
}

test("the file is what was streamed, its name and rows what the headers say, the progress its bytes", async () => {
  const headers = { "Content-Type": "text/csv", "Content-Disposition": 'attachment; filename="log.csv"', "Affidavit-Rows": "2" };
  const asked = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(streamOf(["a,b\r\n", "1,2\r\n"]), { headers }));
  const seen: Progress[] = [];
  const file = await download(CLIENT, request, (progress) => seen.push(progress), new AbortController().signal);
  expect(await file.blob.text()).toBe("a,b\r\n1,2\r\n");
  expect([file.fileName, file.rows]).toEqual(["log.csv", 2]);
  expect(seen.map(({ bytes }) => bytes)).toEqual([0, 5, 10]);
  const [url, init] = asked.mock.calls[0] ?? [];
  expect(url).toBe("http://127.0.0.1/audit/api/export-compliance-logs");
  expect(new Headers(init?.headers).get("Authorization")).toBe("Bearer secret");
  expect(JSON.parse(String(init?.body))).toEqual(request);
});

test("a stream that breaks is no file", async () => {
  vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(streamOf(["12345"], new TypeError("reset"))));
  const broken = download(CLIENT, request, () => {}, new AbortController().signal);
  await expect(broken).rejects.toBeInstanceOf(CutOff);
});

test("no answer is told as such", async () => {
  vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("Failed to fetch"));
  await expect(download(CLIENT, request, () => {}, new AbortController().signal)).rejects.toBeInstanceOf(NoAnswer);
});

test("file names: coded ones first, paths cut, nonsense replaced", () => {
  expect(fileNameFrom("attachment; filename=\"x.csv\"; filename*=UTF-8''%C3%BC.csv", "f")).toBe("ü.csv");
  expect(fileNameFrom('attachment; filename="../../etc/passwd"', "f")).toBe("passwd");
  expect(fileNameFrom("attachment; filename*=UTF-8''%E0%A4%A", "f.csv")).toBe("f.csv");
  expect(fileNameFrom(null, "f.csv")).toBe("f.csv");
});
