import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useRef, useState, type FormEvent } from "react";
import { Form } from "react-aria-components/Form";
import type { Client } from "../api/client.ts";
import { statusQuery } from "../api/queries.ts";
import { address, navigate } from "../frame/router.ts";
import { useTitle } from "../frame/title.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { Picker } from "../parts/Picker.tsx";
import { fallbackZone } from "../parts/zone.ts";
import { caseQuery, KINDS, openCase, optionsQuery, type Facts, type Kind, type Options } from "./cases.ts";
import { FactFields, FaultBox, focusFault, Laws, MomentFields } from "./FactFields.tsx";
import { asSent, faultsHere, faultsOf, filled, NOW, todayIn, type Faults } from "./facts.ts";
import css from "./OpenCase.module.css";
import { laws } from "./words.ts";

/** What is asked when a case is opened. The rest is added as it becomes known. */
const ASKED: Record<Kind, readonly string[]> = {
  request: ["subject_id", "subject_name", "subject_type", "manner", "description"],
  incident: ["title", "description", "risk", "subject_count", "affected_systems"],
};
const NEEDED: Record<Kind, readonly string[]> = { request: ["law", "right", "subject_id"], incident: ["title", "law"] };

/** The form that opens a case: its clocks begin with the moment given here. */
export function OpenCase({ client, kind }: { client: Client; kind: Kind }) {
  const asked = useQuery(optionsQuery(client));
  useTitle(kind === "request" ? "Open a request" : "Open an incident");
  if (asked.error !== null && asked.data === undefined) {
    return (
      <Notice title="The server did not say what can be opened" urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        Note down when it came to you: the clock runs from then.
      </Notice>
    );
  }
  if (asked.data === undefined) return <p className={css["loading"]}>Reading the laws…</p>;
  return <OpenForm client={client} kind={kind} options={asked.data} />;
}

function OpenForm({ client, kind, options }: { client: Client; kind: Kind; options: Options }) {
  const [facts, setFacts] = useState<Facts>({});
  const [moment, setMoment] = useState(NOW);
  const [faults, setFaults] = useState<Faults | null>(null);
  const [busy, setBusy] = useState(false);
  const memory = useQueryClient();
  const { data: status } = useQuery(statusQuery(client));
  const form = useRef<HTMLFormElement>(null);
  const { page, one } = KINDS[kind];
  const fail = (found: Faults) => {
    setFaults(found);
    setBusy(false);
    focusFault(form.current, found);
  };
  const open = async () => {
    const found = faultsHere(NEEDED[kind], facts, moment);
    if (found !== null) return fail(found);
    setBusy(true);
    try {
      const made = await openCase(client, kind, filled(facts), asSent(moment, todayIn(status?.zone ?? fallbackZone(), new Date())));
      memory.setQueryData(caseQuery(client, made.id).queryKey, made);
      navigate(address(page, {}, [made.id]));
    } catch (error) {
      fail(faultsOf(error, [...ASKED[kind], ...NEEDED[kind]]));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) void open();
  };
  const set = (name: string, value: string) => setFacts((held) => ({ ...held, [name]: value, ...(name === "law" && kind === "request" ? { right: "" } : {}) }));
  return (
    <Form ref={form} className={css["form"] ?? ""} validationBehavior="aria" aria-label={`Open ${kind === "request" ? "a request" : "an incident"}`} onSubmit={submit}>
      <div className={css["fields"]}>
        {faults !== null && <FaultBox faults={faults} />}
        {kind === "request" ? <LawAndRight options={options} facts={facts} faults={faults} onChange={set} /> : <Laws options={options} value={facts["law"] ?? ""} fault={faults?.beside["law"]} onChange={(value) => set("law", value)} />}
        <MomentFields
          label={kind === "request" ? "Received on" : "Aware since"}
          moment={moment}
          faults={faults}
          onChange={setMoment}
          hint={kind === "request" ? "Empty: now. The limits are counted from that day. A day without a time counts from its beginning." : "Empty: now. Some limits are counted in hours from here: give the time if you can. A day without one counts from its beginning."}
        />
        <FactFields names={ASKED[kind]} needs={NEEDED[kind]} options={options} facts={facts} faults={faults} onChange={set} />
      </div>
      <div className={css["bar"]}>
        <p>Goes on the log with your name.</p>
        <a className={buttonClass("flat", "large")} href={address(page)}>
          Cancel
        </a>
        <Button type="submit" kind="primary" size="large" isPending={busy}>
          <Plus aria-hidden />
          Open the {one}
        </Button>
      </div>
    </Form>
  );
}

interface LawProps {
  options: Options;
  facts: Facts;
  faults: Faults | null;
  onChange: (name: string, value: string) => void;
}

function LawAndRight({ options, facts, faults, onChange }: LawProps) {
  const names = [...new Set(options.rights.map(({ law }) => law))];
  const rights = options.rights.filter(({ law }) => law === facts["law"]);
  return (
    <div className={css["two"]}>
      <Picker label="Law" name="law" value={facts["law"] ?? ""} fault={faults?.beside["law"]} onChange={(value) => onChange("law", value)} options={names.map((law) => ({ value: law, name: laws(law) }))} />
      <Picker
        label="What is asked for"
        name="right"
        value={facts["right"] ?? ""}
        fault={faults?.beside["right"]}
        onChange={(value) => onChange("right", value)}
        options={rights.map(({ right, title, citation }) => ({ value: right, name: title, note: citation }))}
        {...(rights.length === 0 ? { hint: "Choose the law first." } : {})}
      />
    </div>
  );
}
