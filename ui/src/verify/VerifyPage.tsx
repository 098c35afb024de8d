import { Download as DownloadIcon, ExternalLink } from "lucide-react";
import { useEffect, useState } from "react";
import { call, endpoint, type Client } from "../api/client.ts";
import type { PageProps } from "../frame/pages.ts";
import { buttonClass } from "../parts/Button.tsx";
import { Copy } from "../parts/Copy.tsx";
import { Notice } from "../parts/Notice.tsx";
import css from "./VerifyPage.module.css";

const PAGE = "verify.html";

type There = "asking" | "there" | "missing" | "unanswered";

/** Whether this installation came with the verifier's page. */
function usePageThere(client: Client): There {
  const [there, setThere] = useState<There>("asking");
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      try {
        await call(client, PAGE, { signal: abort.signal });
        setThere("there");
      } catch (error) {
        if (!abort.signal.aborted) setThere(error instanceof Error && "status" in error ? "missing" : "unanswered");
      }
    };
    void ask();
    return () => abort.abort();
  }, [client]);
  return there;
}

/** The page that verifies bundles, as every bundle carries it, in a frame of its own; and how a stranger does it without us. */
export function VerifyPage({ client, status }: PageProps) {
  const there = usePageThere(client);
  const trust = `${status?.tenant ?? "default"}-trust.json`;
  return (
    <div className={css["page"]}>
      <div className={css["main"]}>
        <p className={css["lead"]}>
          Choose a bundle and a trust file. Both are read in this browser and sent nowhere: the page below is the one in every bundle, and may load nothing else.
        </p>
        {there === "there" && <iframe className={css["frame"]} title="Verifier" src={endpoint(client, PAGE)} sandbox="allow-scripts allow-forms" />}
        {there === "asking" && <p className={css["wait"]}>Loading the verifier…</p>}
        {there === "missing" && (
          <Notice title="This installation has no verifier page">
            It was built without it. The command <code>affidavit verify</code> does the same, step by step.
          </Notice>
        )}
        {there === "unanswered" && (
          <Notice title="The server does not answer" urgent>
            Bundles verify without it: open a released <code>verify.html</code>, or run <code>affidavit verify</code>.
          </Notice>
        )}
      </div>
      <aside className={css["rail"]} aria-label="Without this server">
        <h2 className={css["sub"]}>Without this server</h2>
        <p className={css["prose"]}>Whoever doubts this log should not ask it. They need three things, and no network:</p>
        <ol className={css["how"]}>
          <li>
            <b>The trust file, by another way than the bundle</b>
            <p>It names the keys to believe. Hand it over once, in person or signed; it serves for every later bundle.</p>
            <a className={buttonClass("plain")} href={endpoint(client, "api/v1/trust")} download>
              <DownloadIcon aria-hidden />
              Download {trust}
            </a>
          </li>
          <li>
            <b>A released verifier page</b>
            <p>A copy that did not come from us in the same envelope. Its SHA-256 stands in the trust file, under verify_html.</p>
            {there === "there" && (
              <a className={buttonClass("plain")} href={endpoint(client, PAGE)} target="_blank" rel="noreferrer">
                <ExternalLink aria-hidden />
                Open it alone, to save it
              </a>
            )}
          </li>
          <li>
            <b>The bundle</b>
            <p>A zip from Exports. Or all of it in one command:</p>
            <Command text={`affidavit verify BUNDLE.zip --trust ${trust}`} />
          </li>
        </ol>
        <h2 className={`${css["sub"]} ${css["second"]}`}>What a verification never says</h2>
        <p className={css["prose"]}>That everything that happened reached the log, or that what an entry says is true. It says what was signed, what was left out, and what follows from what.</p>
      </aside>
    </div>
  );
}

function Command({ text }: { text: string }) {
  return (
    <div className={css["command"]}>
      <code>{text}</code>
      <Copy text={text} label="Copy command" />
    </div>
  );
}
