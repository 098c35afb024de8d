import { useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { Form } from "react-aria-components/Form";
import type { Client } from "../api/client.ts";
import { Button } from "../parts/Button.tsx";
import { caseQuery, takeStep, type Case, type Facts, type Options, type Right, type Step } from "./cases.ts";
import css from "./Decide.module.css";
import { FactFields, FaultBox, focusFault, MomentFields } from "./FactFields.tsx";
import { asSent, faultsHere, faultsOf, filled, NOW, todayIn, type Faults } from "./facts.ts";
import { allowed, needsOf, nextStep, stepWords, wayOf } from "./words.ts";

interface DecideProps {
  client: Client;
  one: Case;
  right: Right | null;
  options: Options;
  zone: string;
}

/** One decision at a time: the next one of the usual way, or another that the state allows. */
export function Decide(props: DecideProps) {
  const { one, right, options } = props;
  const [chosen, setChosen] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const steps = allowed(options, one);
  const name = chosen ?? nextStep(wayOf(one, right), steps, one.state);
  const step = steps.find((each) => each.name === name) ?? null;
  const moved = useRef(false);
  useEffect(() => {
    if (moved.current) heading.current?.focus();
    moved.current = false;
  });
  const choose = (next: string) => {
    moved.current = true;
    setSaid("");
    setChosen(next);
  };
  const taken = (words: string) => {
    moved.current = true;
    setChosen(null);
    setSaid(words);
  };
  return (
    <section className={css["work"]} aria-labelledby="decide">
      <h2 id="decide" ref={heading} tabIndex={-1} className={css["title"]}>
        {step === null ? "Nothing is left to decide" : stepWords(one.kind, step.name).act}
      </h2>
      <output className={css["said"]}>{said}</output>
      {step === null ? <p className={css["lead"]}>The case is closed. What came of it stands beside, and on the log.</p> : <StepForm key={`${step.name} ${one.events?.length}`} {...props} step={step} onTaken={taken} />}
      {steps.length > (step === null ? 0 : 1) && (
        <div className={css["others"]}>
          <h3>{step === null ? "You can still" : "Or something else"}</h3>
          <ul>
            {steps.filter((each) => each.name !== name).map((each) => (
              <li key={each.name}>
                <Button size="small" onPress={() => choose(each.name)}>
                  {stepWords(one.kind, each.name).act}…
                </Button>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

interface StepFormProps extends DecideProps {
  step: Step;
  onTaken: (words: string) => void;
}

function StepForm({ client, one, right, options, zone, step, onTaken }: StepFormProps) {
  // Laws are replaced as a whole: whoever adds one must not drop the others.
  const [facts, setFacts] = useState<Facts>(() => (step.name === "updated" ? { law: one.facts["law"] ?? "" } : {}));
  const [moment, setMoment] = useState(NOW);
  const [faults, setFaults] = useState<Faults | null>(null);
  const [busy, setBusy] = useState(false);
  const memory = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const words = stepWords(one.kind, step.name);
  const names = shownOf(step, one, facts, right);
  const needs = needsOf(step, facts, right);
  const fail = (found: Faults) => {
    setFaults(found);
    setBusy(false);
    focusFault(form.current, found);
  };
  const take = async () => {
    const found = faultsHere(needs, facts, moment);
    if (found !== null) return fail(found);
    setBusy(true);
    const sent = Object.fromEntries(Object.entries(filled(facts)).filter(([name]) => names.includes(name)));
    try {
      const changed = await takeStep(client, one.id, step.name, sent, asSent(moment, todayIn(zone, new Date())));
      onTaken(`${words.done}. It stands on the log at index ${changed.events?.at(-1)?.index ?? ""}.`);
      memory.setQueryData(caseQuery(client, one.id).queryKey, changed);
    } catch (error) {
      fail(faultsOf(error, names));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy) void take();
  };
  const verify = step.name === "closed" && right?.verify === true && one.moments["verified"] === undefined;
  return (
    <Form ref={form} className={css["form"] ?? ""} validationBehavior="aria" aria-label={words.act} onSubmit={submit}>
      {words.lead !== "" && <p className={css["lead"]}>{words.lead}</p>}
      {verify && <p className={css["first"]}>Who asks was not confirmed yet: nothing can be granted before. A refusal or a withdrawal can be recorded.</p>}
      {faults !== null && <FaultBox faults={faults} />}
      <FactFields names={names} needs={needs} options={options} facts={facts} faults={faults} onChange={(name, value) => setFacts((held) => ({ ...held, [name]: value }))} />
      <MomentFields label="When" moment={moment} faults={faults} onChange={setMoment} hint="Empty: now. A day without a time counts from its beginning." />
      <div className={css["acts"]}>
        <Button type="submit" kind="primary" isPending={busy}>
          <Check aria-hidden />
          {words.act}
        </Button>
        <span>Goes on the log with your name.</span>
      </div>
    </Form>
  );
}

const OF_REFUSALS = new Set(["denial_basis", "remedy"]);

/** The fields a step shows: none where receipt is confirmed (how that was done would stand over how the request came), those of a refusal once there is one, the four factors where the law asks for them. */
function shownOf(step: Step, one: Case, facts: Facts, right: Right | null): readonly string[] {
  if (step.name === "acknowledged") return [];
  const refused = facts["outcome"] === "denied" || facts["outcome"] === "complied_in_part";
  const names = [...step.needs, ...step.may].filter((name) => {
    if (name.startsWith("factor_")) return (one.facts["law"] ?? "").includes("hipaa");
    return !(OF_REFUSALS.has(name) && one.kind === "request") || (refused && (name === "denial_basis" || right?.denial.includes(name) !== false));
  });
  return [...new Set(names)];
}
