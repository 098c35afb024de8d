import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";

export interface Changing {
  /** What was done last, for a live region. */
  said: string;
  /** Does it, then reads anew what it changed. Throws what it throws. */
  change: <Result>(words: string, act: () => Promise<Result>) => Promise<Result>;
}

/** Changes on the server, after each of which `key` is asked for anew. */
export function useChange(key: string): Changing {
  const memory = useQueryClient();
  const [said, setSaid] = useState("");
  const change = useCallback(
    async <Result>(words: string, act: () => Promise<Result>) => {
      setSaid("");
      const result = await act();
      setSaid(words);
      await memory.invalidateQueries({ queryKey: [key] });
      return result;
    },
    [memory, key],
  );
  return { said, change };
}
