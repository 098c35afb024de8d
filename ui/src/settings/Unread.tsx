import { Unplug } from "lucide-react";
import { ServerProblem } from "../api/problem.ts";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import css from "./settings.module.css";

/** What stands in a tab while its list is not there: it is read, or could not be. */
export function Unread({ what, error, onAgain }: { what: string; error: Error | null; onAgain: () => void }) {
  if (error === null) return <p className={css["loading"]}>Reading {what}…</p>;
  return (
    <Notice title={`The server did not give ${what}`} icon={<Unplug aria-hidden />} urgent actions={<Button onPress={onAgain}>Try again</Button>}>
      {error instanceof ServerProblem ? error.detail : "It does not answer. Nothing was changed."}
    </Notice>
  );
}
