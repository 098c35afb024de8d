import { useQuery } from "@tanstack/react-query";
import { Check, CircleAlert, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import type { Client } from "../api/client.ts";
import { meQuery } from "../api/me.ts";
import { ServerProblem } from "../api/problem.ts";
import { dateInWords } from "../exports/scope.ts";
import { useTitle } from "../frame/title.ts";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { useNow } from "../parts/useNow.ts";
import { CaseRail } from "./CaseRail.tsx";
import { caseQuery, optionsQuery, type Case, type Options, type Right } from "./cases.ts";
import { stateInWords } from "./CasesList.tsx";
import css from "./CaseView.module.css";
import { ClockLines, dueInWords } from "./ClockLines.tsx";
import { left, nextClock } from "./clocks.ts";
import { Decide } from "./Decide.tsx";
import { TitleText } from "./FactText.tsx";
import { allowed, nextStep, rightOf, sentence, stepWords, titleOf, underLaw, wayOf } from "./words.ts";

/** One case: its clocks to scale, what was done of it, the decision that is next, and what the log holds of it. */
export function CaseView({ client, id, zone }: { client: Client; id: string; zone: string }) {
  const asked = useQuery(caseQuery(client, id));
  const { data: options } = useQuery(optionsQuery(client));
  const { data: me } = useQuery(meQuery(client));
  useTitle(id);
  if (asked.error instanceof ServerProblem) {
    return (
      <Notice title={`There is no case ${id}`} urgent>
        {asked.error.detail} It may also lie outside what you may see.
      </Notice>
    );
  }
  if (asked.error !== null && asked.data === undefined) {
    return (
      <Notice title="The server does not answer" icon={<Unplug aria-hidden />} urgent actions={<Button onPress={() => void asked.refetch()}>Try again</Button>}>
        The case is on the log. Nothing is lost, and its clocks go on.
      </Notice>
    );
  }
  if (asked.data === undefined || options === undefined) return <p className={css["loading"]}>Reading the case…</p>;
  return <Whole client={client} one={asked.data} options={options} zone={zone} mayWork={me?.may.includes("case_work") === true} />;
}

function Whole({ client, one, options, zone, mayWork }: { client: Client; one: Case; options: Options; zone: string; mayWork: boolean }) {
  const now = useNow();
  const right = rightOf(options, one);
  return (
    // Long cases scroll here; a region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={css["page"]} tabIndex={0} aria-label={`Case ${one.id}`}>
      <header className={css["head"]}>
        <div className={css["what"]}>
          <p className={css["title"]}>
            <TitleText title={titleOf(one, right)} />
          </p>
          <p className={css["summary"]}>
            {underLaw(one.facts["law"], right?.citation ?? null)}. {stateInWords(one)}.
          </p>
        </div>
        <Due one={one} zone={zone} now={now} />
      </header>
      {one.problems.length > 0 && <Problems problems={one.problems} />}
      {one.clocks.length > 0 && <ClockLines one={one} zone={zone} now={now} />}
      <div className={`${css["columns"]} ${mayWork ? "" : css["reading"]}`}>
        <Way one={one} right={right} options={options} zone={zone}>
          {!mayWork && <p className={css["reads"]}>You may read cases. Steps are taken by officers and admins.</p>}
        </Way>
        {mayWork && <Decide client={client} one={one} right={right} options={options} zone={zone} />}
        <CaseRail one={one} zone={zone} />
      </div>
    </section>
  );
}

function Due({ one, zone, now }: { one: Case; zone: string; now: Date }) {
  const clock = nextClock(one);
  if (clock === null) {
    const none = one.clocks.length === 0 ? "No limit runs" : "Nothing is due";
    return <p className={css["due"]}>{none}</p>;
  }
  const { words, tone } = left(clock, now, zone);
  return (
    <p className={css["due"]}>
      <b data-tone={tone}>{words}</b>
      {clock.title} by {dueInWords(clock, zone)}, {clock.citation}
    </p>
  );
}

function Problems({ problems }: { problems: readonly string[] }) {
  return (
    <div className={css["problems"]} role="note">
      <CircleAlert aria-hidden />
      <div>
        <b>What the log tells of this case does not fit together</b>
        {problems.map((problem) => (
          <p key={problem}>{sentence(problem)}</p>
        ))}
      </div>
    </div>
  );
}

function Way({ one, right, options, zone, children }: { one: Case; right: Right | null; options: Options; zone: string; children: ReactNode }) {
  const way = wayOf(one, right);
  const next = nextStep(way, allowed(options, one), one.state);
  return (
    <nav className={css["way"]} aria-label="Steps">
      <ol>
        {way.map(({ step, done }, at) => (
          <li key={step} className={done !== null ? css["done"] : step === next ? css["now"] : undefined} aria-current={step === next ? "step" : undefined}>
            <span className={css["number"]} aria-hidden>
              {done === null ? at + 1 : <Check />}
            </span>
            <span>
              <b>{done === null ? stepWords(one.kind, step).act : stepWords(one.kind, step).done}</b>
              <small>{done === null ? (step === next ? "Next" : "Not done yet") : dateInWords(done, zone)}</small>
            </span>
          </li>
        ))}
      </ol>
      {children}
    </nav>
  );
}
