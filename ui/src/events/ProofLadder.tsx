import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Body } from "../api/api.ts";
import type { Client } from "../api/client.ts";
import { Copy } from "../parts/Copy.tsx";
import { grouped } from "../parts/words.ts";
import { trustQuery } from "./asking.ts";
import css from "./ProofLadder.module.css";
import { check, type Checked, type State, type Step } from "./proof.ts";

interface ProofLadderProps {
  client: Client;
  event: Body<"EventAnswer">;
}

const CHIPS: Record<State, string> = { ok: "PASS", fail: "FAIL", open: "NOT PROVEN" };
const SHORT = 8;

/** The proof that the event is on the log, checked in this browser: event, leaf, hashes, root, checkpoint, witnesses. */
export function ProofLadder({ client, event }: ProofLadderProps) {
  const trust = useQuery(trustQuery(client));
  const [checked, setChecked] = useState<Checked | "impossible" | null>(null);
  const { proof } = event;
  const keys = trust.isPending ? undefined : (trust.data ?? null);
  useEffect(() => {
    if (proof === null || keys === undefined) return;
    let here = true;
    const values = new Map(event.fields.filter((field) => field.mask === "").map((field) => [field.path, field.value]));
    check({ proof, values }, keys).then(
      (found) => here && setChecked(found),
      () => here && setChecked("impossible"),
    );
    return () => {
      here = false;
    };
  }, [proof, event, keys]);
  const verdict: State | null = proof === null || checked === "impossible" ? "open" : (checked?.verdict ?? null);
  return (
    <section className={css["proof"]} aria-label="Proof">
      <div className={css["head"]}>
        <h3>Proof that it is on the log</h3>
        <output>{verdict !== null && <span className={css["chip"]} data-state={verdict}>{CHIPS[verdict]}</span>}</output>
      </div>
      {proof === null && <p className={css["note"]}>Your view masks times, actions or outcomes. The entry of a proof would show them.</p>}
      {checked === "impossible" && <p className={css["note"]}>This browser does the hashing only on pages that come by https or from this machine. Download the proof and check it elsewhere.</p>}
      {proof !== null && checked !== "impossible" && <Steps event={event} proof={proof} checked={checked} />}
    </section>
  );
}

function Steps({ event, proof, checked }: { event: Body<"EventAnswer">; proof: Body<"ProofAnswer">; checked: Checked | null }) {
  const step = (name: Step["name"]) => checked?.steps.find((each) => each.name === name) ?? null;
  const entry = event.fields.filter((field) => !["at", "t", "action", "outcome"].includes(field.path)).length;
  return (
    <ol className={css["ladder"]}>
      <Rung step={step("entry")}>This event: its entry, and one hash over {entry === 1 ? "1 field" : `${entry} fields`}</Rung>
      <Rung step={step("leaf")} hash={checked?.leaf}>
        Leaf
      </Rung>
      <Rung step={step("tree")}>
        {proof.proof.length === 1 ? "1 hash" : `${proof.proof.length} hashes`} up the tree
        <span className={css["path"]} aria-hidden>
          {proof.proof.map((hash) => (
            <i key={hash} />
          ))}
        </span>
      </Rung>
      <Rung step={step("root")} hash={checked?.root}>
        Root
      </Rung>
      <Rung step={step("checkpoint")} said="signed by the log">
        Checkpoint {grouped(proof.size)}
      </Rung>
      <Rung step={step("witnesses")} said={checked?.witnesses.join(", ")}>
        Witnesses
      </Rung>
    </ol>
  );
}

function Rung({ step, hash = "", said = "", children }: { step: Step | null; hash?: string | undefined; said?: string | undefined; children: React.ReactNode }) {
  const words = step === null ? "" : step.said || (step.state === "ok" ? said : "");
  return (
    <li className={css["rung"]} data-state={step?.state}>
      <span className={css["name"]}>
        {children}
        {step !== null && <span className={css["hidden"]}>{` ${{ ok: "checked", fail: "failed", open: "not checked" }[step.state]}`}</span>}
      </span>
      {hash !== "" && (
        <span className={css["hash"]}>
          <code>{`${hash.slice(0, SHORT)} … ${hash.slice(-SHORT / 2)}`}</code>
          <Copy text={hash} label="Copy the hash" />
        </span>
      )}
      {words !== "" && <span className={css["said"]}>{words}</span>}
    </li>
  );
}
