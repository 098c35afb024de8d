import { useState } from "react";
import { call, type Client } from "../api/client.ts";
import { fileNameFrom } from "../api/download.ts";

export interface Fetching {
  busy: boolean;
  error: Error | null;
  fetchFile: (path: string, fallback: string) => void;
}

/** Fetches a file and hands it to the browser: where a token must go along, a plain link won’t do. */
export function useDownload(client: Client, done: () => void): Fetching {
  const [state, setState] = useState<{ busy: boolean; error: Error | null }>({ busy: false, error: null });
  const work = async (path: string, fallback: string) => {
    setState({ busy: true, error: null });
    try {
      const response = await call(client, path);
      save(await response.blob(), fileNameFrom(response.headers.get("Content-Disposition"), fallback));
      setState({ busy: false, error: null });
    } catch (error) {
      setState({ busy: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
    done();
  };
  return { ...state, fetchFile: (path, fallback) => void work(path, fallback) };
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken the address by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
