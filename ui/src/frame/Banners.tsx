import { CircleAlert } from "lucide-react";
import { ServerProblem } from "../api/problem.ts";
import css from "./Banners.module.css";

const UNAUTHORIZED = 401;

/** What everybody must know, whatever page they are on. */
export function Banners({ recording, failure }: { recording: boolean | null; failure: Error | null }) {
  return (
    <output className={css["banners"]}>
      {recording === false && (
        <p className={css["banner"]}>
          <CircleAlert aria-hidden />
          <span>
            <b>Audit logging is off.</b> What happens now is not recorded and can’t be recovered later. That it was switched off, and by whom, is on the log.
          </span>
        </p>
      )}
      {failure !== null && (
        <p className={css["banner"]}>
          <CircleAlert aria-hidden />
          {unanswered(failure)}
        </p>
      )}
    </output>
  );
}

function unanswered(failure: Error) {
  if (failure instanceof ServerProblem && failure.status === UNAUTHORIZED) {
    return (
      <span>
        <b>You are no longer signed in.</b> Nothing is lost. <a href=".">Sign in again</a>
      </span>
    );
  }
  return (
    <span>
      <b>The log does not answer.</b> Nothing is lost; this page asks again by itself.
    </span>
  );
}
