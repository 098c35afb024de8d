import { Check, Download as DownloadIcon, FileText, Minus } from "lucide-react";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { endpoint, type Client } from "../api/client.ts";
import { filePath, type Outcome, type Run, type Scope } from "../api/runs.ts";
import { shortHash } from "../export/hash.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { Copy } from "../parts/Copy.tsx";
import { Verdict } from "../parts/Verdict.tsx";
import { bytesInWords, grouped, secondsInWords } from "../parts/words.ts";
import { proofOf, verdictCount } from "./proves.ts";
import css from "./RunDone.module.css";
import { capitalised, conditionsInWords, dateInWords, periodInWords, zoneInWords } from "./scope.ts";
import { Trail } from "./Trail.tsx";
import { useDownload } from "./useDownload.ts";
import { useTrail } from "./useTrail.ts";

interface RunDoneProps {
  client: Client;
  run: Run;
  zone: string;
  tenant: string;
  /** Whether the reader saw it being made: then the focus goes to its title. */
  arrived: boolean;
  actions: ReactNode;
}

/** A finished run: what to take, five figures, what was checked, what it proves and does not, and how a stranger checks it. */
export function RunDone({ client, run, zone, tenant, arrived, actions }: RunDoneProps) {
  const trail = useTrail(client, run.id);
  const outcome = run.outcome ?? NOTHING;
  return (
    <div className={css["done"]}>
      <Head client={client} run={run} arrived={arrived} actions={actions} onFetched={trail.reload} />
      <Figures run={run} outcome={outcome} zone={zone} />
      <div className={css["columns"]}>
        {outcome.verdicts.length > 0 ? <Checked outcome={outcome} /> : <NotChecked run={run} />}
        <Proves outcome={outcome} />
      </div>
      <div className={`${css["columns"]} ${css["low"]}`}>
        {outcome.verdicts.length > 0 ? <HowTo client={client} run={run} tenant={tenant} /> : <PlainHash run={run} />}
        <aside className={css["rail"]} aria-label="On the log">
          <h3 className={css["sub"]}>On the log</h3>
          <Trail trail={trail} zone={zone} />
          {outcome.manifest !== "" && <Hash name="Manifest" hash={outcome.manifest} />}
        </aside>
      </div>
      {outcome.members.length > 0 && <Members outcome={outcome} />}
    </div>
  );
}

const NOTHING: Outcome = { origin: "", index: null, verdicts: [], manifest: "", masked: null, erased: null, members: [] };

function Head({ client, run, arrived, actions, onFetched }: { client: Client; run: Run; arrived: boolean; actions: ReactNode; onFetched: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (arrived) heading.current?.focus();
  }, [arrived]);
  return (
    <section className={css["head"]}>
      <div className={css["what"]}>
        <h2 ref={heading} className={css["title"]} tabIndex={-1}>
          {conditionsInWords(run.scope ?? null)}
        </h2>
        <p className={css["scope"]}>{run.scope == null ? null : scopeSentence(run.scope)}</p>
      </div>
      <Downloads client={client} run={run} actions={actions} onFetched={onFetched} />
    </section>
  );
}

/** "1 to 31 October 2026, Chicago time. For the audit committee. External audit 2026, request 14." */
function scopeSentence(scope: Scope): string {
  const parts = [`${periodInWords(scope)}, ${zoneInWords(scope.zone)}.`];
  if (scope.recipient !== null) parts.push(`For ${ended(scope.recipient)}`);
  if (scope.reason !== null) parts.push(ended(scope.reason));
  return parts.join(" ");
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function Downloads({ client, run, actions, onFetched }: { client: Client; run: Run; actions: ReactNode; onFetched: () => void }) {
  const { busy, error, fetchFile } = useDownload(client, onFetched);
  const format = (run.scope?.format ?? "file").toUpperCase();
  const data = run.outcome?.members.find(({ name }) => name.startsWith("data."));
  if (run.file === "") return <div className={css["actions"]}>{actions}</div>;
  const main = run.bundle ? "Download bundle" : `Download ${format}`;
  return (
    <div className={css["actions"]}>
      {actions}
      {data !== undefined && (
        <FileLink client={client} path={filePath(run.id, "data")} kind="plain" busy={busy} onFetch={fetchFile} onFetched={onFetched} name={`data.${format.toLowerCase()}`}>
          <FileText aria-hidden />
          Data only, {format} <span className={css["size"]}>{bytesInWords(data.bytes)}</span>
        </FileLink>
      )}
      <FileLink client={client} path={filePath(run.id, "file")} kind="primary" busy={busy} onFetch={fetchFile} onFetched={onFetched} name={run.file}>
        <DownloadIcon aria-hidden />
        {main} <span className={css["size"]}>{run.bytes === null ? "" : bytesInWords(run.bytes)}</span>
      </FileLink>
      {error !== null && (
        <p className={css["error"]} role="alert">
          The file did not come: {error.message}. Nothing is lost; try again.
        </p>
      )}
    </div>
  );
}

interface FileLinkProps {
  client: Client;
  path: string;
  kind: "primary" | "plain";
  busy: boolean;
  name: string;
  onFetch: (path: string, name: string) => void;
  onFetched: () => void;
  children: ReactNode;
}

const RECORDED_MS = 1500;

/** A link where the browser’s own session suffices: nothing is held in memory. A fetch where a token must go along. */
function FileLink({ client, path, kind, busy, name, onFetch, onFetched, children }: FileLinkProps) {
  if (client.getToken !== null) {
    return (
      <Button kind={kind} size="large" isPending={busy} onPress={() => onFetch(path, name)}>
        {children}
      </Button>
    );
  }
  return (
    <a className={buttonClass(kind, "large")} href={endpoint(client, path)} download onClick={() => setTimeout(onFetched, RECORDED_MS)}>
      {children}
    </a>
  );
}

function Figures({ run, outcome, zone }: { run: Run; outcome: Outcome; zone: string }) {
  const columns = run.scope?.columns.length ?? 0;
  const seconds = run.created === null || run.ended === null ? null : (Date.parse(run.ended) - Date.parse(run.created)) / 1000;
  return (
    <dl className={css["stats"]}>
      <Figure name="Rows" value={grouped(run.rows ?? 0)} meaning="all that matched, nothing cut" />
      {outcome.masked === null ? (
        <Figure name="Size" value={bytesInWords(run.bytes ?? 0)} meaning={seconds === null ? "" : `made in ${secondsInWords(seconds)}`} />
      ) : (
        <Figure name="Masked cells" value={grouped(outcome.masked)} meaning={`of ${grouped((run.rows ?? 0) * columns)}`} />
      )}
      {outcome.erased === null ? (
        <Figure name="Format" value={(run.scope?.format ?? "").toUpperCase()} meaning="data only, no evidence" />
      ) : (
        <Figure name="Erased cells" value={grouped(outcome.erased)} meaning={outcome.erased === 0 ? "every value was there" : "values are gone, marked as such"} />
      )}
      <Figure name="Profile" value={capitalised(run.scope?.profile ?? "unknown")} meaning={`${columns} ${columns === 1 ? "column" : "columns"}, times in ${zoneInWords(run.scope?.zone ?? zone)}`} />
      <Kept run={run} zone={zone} />
    </dl>
  );
}

function Kept({ run, zone }: { run: Run; zone: string }) {
  if (run.removed !== null) return <Figure name="File removed" value={dateInWords(run.removed, zone)} meaning="the record stays" />;
  if (run.file === "") return <Figure name="File" value="Not kept here" meaning="it was written by the command line" />;
  return <Figure name="Kept until" value={run.expires === null ? "for ever" : dateInWords(run.expires, zone)} meaning="then the file goes, the record stays" />;
}

function Figure({ name, value, meaning }: { name: string; value: string; meaning: string }) {
  return (
    <div className={css["stat"]}>
      <dt>{name}</dt>
      <dd>
        {value}
        <small>{meaning}</small>
      </dd>
    </div>
  );
}

function Checked({ outcome }: { outcome: Outcome }) {
  return (
    <section className={css["main"]}>
      <div className={css["subHead"]}>
        <h3 className={css["sub"]}>Checked before you got it</h3>
        <span className={css["caption"]}>{verdictCount(outcome.verdicts)}. By the same code a stranger would run.</span>
      </div>
      <ul className={css["verdicts"]}>
        {outcome.verdicts.map(({ name, status, reason }) => (
          <li key={name}>
            <b className={css["name"]}>{name}</b>
            <Verdict status={status} />
            <p>{[said(name, status, outcome), sentences(reason)].filter((part) => part !== "").join(" ")}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a PASS is about; the verifier gives remarks alone. */
function said(name: string, status: string, { index }: Outcome): string {
  if (status !== "PASS") return "";
  if (name === "AUTHENTIC") return `The log’s keys signed it${index === null ? "" : `, and its entry at index ${grouped(index)} attests this manifest`}.`;
  if (name === "COMPLETE") return "Every event of the period that fits the conditions is here, and no other.";
  if (name === "VIEW MATCHES") return "All cells were rebuilt from the evidence and are equal.";
  return "";
}

/** Reasons are joined by semicolons; each is a sentence of its own to a reader. */
function sentences(reason: string): string {
  if (reason === "") return "";
  return reason
    .split("; ")
    .map((part) => ended(capitalised(part)))
    .join(" ");
}

function NotChecked({ run }: { run: Run }) {
  return (
    <section className={css["main"]}>
      <h3 className={css["sub"]}>Not checked</h3>
      <p className={css["prose"]}>
        {run.bundle
          ? "An older release made this bundle and kept no reasons. Anyone can check it with the trust file."
          : "This file has no evidence with it, so there was nothing to check. For a file that anyone can check offline, make the export again with evidence."}
      </p>
    </section>
  );
}

function Proves({ outcome }: { outcome: Outcome }) {
  const { proves, open } = proofOf(outcome);
  return (
    <aside className={css["rail"]} aria-label="What it proves">
      <h3 className={css["sub"]}>What this proves</h3>
      <ul className={`${css["list"]} ${css["proven"]}`}>
        {proves.map((line) => (
          <li key={line}>
            <Check aria-hidden />
            <span>{line}</span>
          </li>
        ))}
        {proves.length === 0 && (
          <li>
            <Minus aria-hidden />
            <span>Nothing by itself.</span>
          </li>
        )}
      </ul>
      <h3 className={`${css["sub"]} ${css["second"]}`}>What it does not prove</h3>
      <ul className={css["list"]}>
        {open.map((line) => (
          <li key={line}>
            <Minus aria-hidden />
            <span>{line}</span>
          </li>
        ))}
      </ul>
    </aside>
  );
}

function HowTo({ client, run, tenant }: { client: Client; run: Run; tenant: string }) {
  const trust = `${tenant}-trust.json`;
  const command = `affidavit verify ${run.file === "" ? "BUNDLE" : run.file} --trust ${trust}`;
  return (
    <section className={css["main"]}>
      <h3 className={css["sub"]}>Let someone check it without you</h3>
      <ol className={css["how"]}>
        <li>
          <b>Send the trust file another way</b>
          <p>
            Not with the bundle. It names the keys to believe.{" "}
            {client.getToken === null && (
              <a href={endpoint(client, "api/v1/trust")} download>
                {trust}
              </a>
            )}
          </p>
        </li>
        <li>
          <b>
            They open a released <code>verify.html</code>
          </b>
          <p>It works without a network. They drop in the bundle and the trust file; the trust file has the page’s SHA-256, too.</p>
        </li>
        <li>
          <b>Or they run one command</b>
          <div className={css["command"]}>
            <code>{command}</code>
            <Copy text={command} label="Copy command" />
          </div>
        </li>
      </ol>
    </section>
  );
}

function PlainHash({ run }: { run: Run }) {
  return (
    <section className={css["main"]}>
      <h3 className={css["sub"]}>Let someone tell a change</h3>
      <p className={css["prose"]}>The log holds this file’s SHA-256. Send it apart from the file, and whoever has both can tell whether the file was changed.</p>
      {run.sha256 !== "" && <Hash name="SHA-256" hash={run.sha256} />}
    </section>
  );
}

function Hash({ name, hash }: { name: string; hash: string }) {
  return (
    <div className={css["hash"]}>
      <span>{name}</span>
      <code>{shortHash(hash)}</code>
      <Copy text={hash} label={`Copy ${name}`} />
    </div>
  );
}

function Members({ outcome }: { outcome: Outcome }) {
  const name = useId();
  return (
    <div className={css["files"]}>
      <h3 id={name}>In the bundle</h3>
      <ul aria-labelledby={name}>
        {outcome.members.map((each) => (
          <li key={each.name}>
            <code>{each.name}</code> {bytesInWords(each.bytes)}
          </li>
        ))}
      </ul>
    </div>
  );
}
