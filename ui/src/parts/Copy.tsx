import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./Button.tsx";

const SAID_MS = 2000;

/** Copies `text`; says so for two seconds, in its name as well. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <Button kind="flat" size="small" aria-label={copied ? "Copied" : label} onPress={() => void copy()}>
      {copied ? <Check aria-hidden /> : <CopyIcon aria-hidden />}
    </Button>
  );
}
