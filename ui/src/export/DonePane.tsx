import { Download as DownloadIcon, Minus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Download } from "../api/download.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { Copy } from "../parts/Copy.tsx";
import { bytesInWords, grouped, secondsInWords } from "../parts/words.ts";
import { bundleCommand, type Conditions } from "./conditions.ts";
import css from "./DonePane.module.css";
import { sha256, shortHash } from "./hash.ts";

interface DonePaneProps {
  file: Download;
  /** The object URL the file is downloaded from. */
  url: string;
  conditions: Conditions;
  seconds: number;
  zone: string | null;
  onBack: () => void;
}

const DOES_NOT_PROVE = [
  "That these rows are what the log holds.",
  "That nothing that fits the conditions was left out.",
  "That the file was not changed after you downloaded it.",
];

/** The file is here: its name, size, rows and hash, and in plain words what it does and does not prove. */
export function DonePane({ file, url, conditions, seconds, zone, onBack }: DonePaneProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className={css["done"]}>
      <section className={css["head"]}>
        <div className={css["what"]}>
          <h2 ref={heading} className={css["title"]} tabIndex={-1}>
            Your file is ready
          </h2>
          <p className={css["scope"]}>{scopeOf(conditions)}</p>
        </div>
        <div className={css["actions"]}>
          <Button size="large" onPress={onBack}>
            Change conditions
          </Button>
          <a className={buttonClass("primary", "large")} href={url} download={file.fileName}>
            <DownloadIcon aria-hidden />
            Download {conditions.format.toUpperCase()} <span className={css["size"]}>{bytesInWords(file.blob.size)}</span>
          </a>
        </div>
      </section>
      <dl className={css["stats"]}>
        <Stat name="File" value={file.fileName} meaning="user ids as tokens" />
        {file.rows !== null && <Stat name="Rows" value={grouped(file.rows)} meaning="all that matched, nothing cut" />}
        <Stat name="Size" value={bytesInWords(file.blob.size)} meaning={`received in ${secondsInWords(seconds)}`} />
      </dl>
      <div className={css["columns"]}>
        <section className={css["column"]}>
          <h3 className={css["sub"]}>What this proves</h3>
          <p className={css["prose"]}>Nothing by itself. This file has no evidence with it; create a bundle with <code>affidavit export --bundle</code>. Anyone can then check it offline, against your trust file.</p>
          <h4 className={css["label"]}>The same conditions, with evidence</h4>
          <Command text={bundleCommand(conditions, zone)} label="Copy command" />
          <FileHash blob={file.blob} />
        </section>
        <section className={css["column"]}>
          <h3 className={css["sub"]}>What it does not prove</h3>
          <ul className={css["list"]}>
            {DOES_NOT_PROVE.map((line) => (
              <li key={line}>
                <Minus aria-hidden />
                {line}
              </li>
            ))}
          </ul>
          <p className={css["prose"]}>Masked is not nameless: who holds this log’s keys can tell whose token is whose.</p>
        </section>
      </div>
    </div>
  );
}

/** "1 to 31 October" is for later; the plain dates are never misread. */
function scopeOf({ from, to, users, actions }: Conditions): string {
  const dates = from === null && to === null ? "All dates" : [from === null ? "From the first event" : `From ${from}`, to === null ? "to the last" : `to ${to}`].join(" ");
  const who = users.length === 0 ? "all users" : `${grouped(users.length)} ${users.length === 1 ? "user" : "users"}`;
  const what = actions.length === 0 ? "all actions" : actions.join(", ");
  return `${dates}, ${who}, ${what}.`;
}

function Stat({ name, value, meaning }: { name: string; value: string; meaning: string }) {
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

function Command({ text, label }: { text: string; label: string }) {
  return (
    <div className={css["command"]}>
      <code>{text}</code>
      <Copy text={text} label={label} />
    </div>
  );
}

/** SHA-256 as computed here, in the browser: whoever gets the file can compare. */
function FileHash({ blob }: { blob: Blob }) {
  const [hash, setHash] = useState<string | null>(null);
  useEffect(() => {
    let wanted = true;
    void sha256(blob).then((found) => wanted && setHash(found));
    return () => {
      wanted = false;
    };
  }, [blob]);
  if (hash === null) return null;
  return (
    <div className={css["hash"]}>
      <span className={css["hashName"]}>SHA-256</span>
      <code>{shortHash(hash)}</code>
      <Copy text={hash} label="Copy SHA-256" />
      <span className={css["hashUse"]}>Send it apart from the file, and the reader can tell a change.</span>
    </div>
  );
}
