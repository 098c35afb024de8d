import { useEffect, useState } from "react";

const MINUTE_MS = 60_000;

/** The time, fresh each minute: enough for “2 min ago” and for a day that ends. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
