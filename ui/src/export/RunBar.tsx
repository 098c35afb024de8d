import { Check, Terminal } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { ProgressBar } from "react-aria-components/ProgressBar";
import type { Progress } from "../api/download.ts";
import { Button } from "../parts/Button.tsx";
import { bytesInWords, rowsInWords, secondsInWords } from "../parts/words.ts";
import css from "./RunBar.module.css";
import type { Run } from "./useExport.ts";
import type { PreviewState } from "./usePreview.ts";

interface RunBarProps {
  run: Run;
  preview: PreviewState;
  /** The same call as a curl command. */
  curl: () => string;
  onCancel: () => void;
}

/** The bottom of the form: how much it will be and Create; while it runs, how far it is and Cancel. */
export function RunBar({ run, preview, curl, onCancel }: RunBarProps) {
  const running = run.kind === "running";
  const cancel = useRef<HTMLButtonElement>(null);
  const create = useRef<HTMLButtonElement>(null);
  const wasRunning = useRef(false);
  useEffect(() => {
    if (running) cancel.current?.focus();
    // After a failure the focus belongs to the error summary; only Cancel gives it back to Create.
    else if (wasRunning.current && run.kind === "idle") create.current?.focus();
    wasRunning.current = running;
  }, [running, run.kind]);

  return (
    <div className={css["bar"]}>
      {running ? (
        <>
          <Meter progress={run.progress} />
          <Button key="cancel" ref={cancel} type="button" onPress={onCancel}>
            Cancel
          </Button>
        </>
      ) : (
        <>
          <output className={css["estimate"]}>
            <b>{rowsOf(preview)}</b>
            <Rest preview={preview} />
            {run.kind === "idle" && run.cancelled && <span>Cancelled. No file was kept.</span>}
          </output>
          <CopyAsCurl curl={curl} />
          <Button key="create" ref={create} kind="primary" type="submit">
            Create export
          </Button>
        </>
      )}
    </div>
  );
}

function rowsOf(preview: PreviewState): string {
  if (preview.last === null) return preview.kind === "loading" ? "Counting…" : "";
  const { rows, exact } = preview.last.estimate;
  return rowsInWords(rows, exact);
}

/** Size and time, roughly; “at least” where the rows are. */
function Rest({ preview }: { preview: PreviewState }) {
  if (preview.last === null || preview.last.estimate.rows === 0) return null;
  const { bytes, seconds, exact } = preview.last.estimate;
  const about = exact ? "about" : "at least";
  return (
    <>
      <span>
        {about} {bytesInWords(bytes)}
      </span>
      <span>{seconds < 1 ? "ready at once" : `${about} ${secondsInWords(seconds)}`}</span>
    </>
  );
}

function Meter({ progress }: { progress: Progress }) {
  const { bytes, totalBytes, rows } = progress;
  const came = bytes === 0 ? "Asking the server" : `${bytesInWords(bytes)} received`;
  const words = [came, rows === null ? null : rowsInWords(rows, true)].filter((word) => word !== null).join(", ");
  const share = totalBytes === null || totalBytes === 0 ? null : (100 * bytes) / totalBytes;
  return (
    <ProgressBar className={css["meter"] ?? ""} aria-label="Export" isIndeterminate={share === null} value={share ?? 0} valueLabel={words}>
      <span className={css["words"]}>{words}</span>
      <svg className={css["track"]} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden>
        <rect className={share === null ? css["moving"] : css["done"]} width={share ?? 30} height="4" />
      </svg>
    </ProgressBar>
  );
}

const SAID_MS = 2000;

function CopyAsCurl({ curl }: { curl: () => string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(curl());
    setCopied(true);
  };
  return (
    <span className={css["curl"]}>
      <Button kind="flat" type="button" onPress={() => void copy()}>
        {copied ? <Check aria-hidden /> : <Terminal aria-hidden />}
        {copied ? "Copied" : "Copy as curl"}
      </Button>
    </span>
  );
}
