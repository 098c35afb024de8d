import { useQuery } from "@tanstack/react-query";
import { SearchX, Unplug } from "lucide-react";
import type { Client } from "../api/client.ts";
import { ServerProblem } from "../api/problem.ts";
import { Button, buttonClass } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";
import { blameQuery, type Asked } from "./asking.ts";
import { termsOf } from "./terms.ts";

interface NoEventsProps {
  client: Client;
  asked: Asked;
  /** The query contradicts itself: nothing could ever match. */
  never: boolean;
  onTerms: (terms: readonly string[]) => void;
  onAll: () => void;
}

/** Nothing matches: which condition leaves nothing, and a button that takes it out. */
export function NoEvents({ client, asked, never, onTerms, onAll }: NoEventsProps) {
  const { data: blame, isPending } = useQuery(blameQuery(client, asked));
  const terms = termsOf(asked.q);
  const bounded = asked.from !== undefined || asked.to !== undefined;
  if (terms.length === 0 && !bounded) {
    return (
      <Notice title="The log is empty" icon={<SearchX aria-hidden />}>
        Nothing has been recorded yet. Events appear here as soon as an application records them, or an import brings them in.
      </Notice>
    );
  }
  const actions = blame?.map(({ term, words }) =>
    term === null ? (
      <Button key="" onPress={onAll}>
        All dates: {words}
      </Button>
    ) : (
      <Button key={term} onPress={() => onTerms(terms.filter((each) => each !== term))}>
        Without {term}: {words}
      </Button>
    ),
  );
  return (
    <Notice title="No events match" icon={<SearchX aria-hidden />} actions={actions}>
      {never ? "The conditions contradict each other: nothing could ever match them." : isPending ? "Looking which condition leaves nothing …" : blame === undefined || blame.length === 0 ? "Taking out one condition is not enough: take out more, or change them." : "One condition less finds some:"}
    </Notice>
  );
}

interface FailedProps {
  error: Error;
  onAgain: () => void;
  onEdit: () => void;
}

const CLIENT_FAULTS = new Set([400, 422]);
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;

/** What failed, what still works, and what to do. */
export function Failed({ error, onAgain, onEdit }: FailedProps) {
  if (error instanceof ServerProblem && CLIENT_FAULTS.has(error.status)) {
    return (
      <Notice title="This query can’t be asked" icon={<SearchX aria-hidden />} actions={<Button onPress={onEdit}>Change the query</Button>} urgent>
        {error.detail}
      </Notice>
    );
  }
  if (error instanceof ServerProblem && error.status === UNAUTHORIZED) {
    const actions = (
      <a className={buttonClass("plain")} href=".">
        Sign in again
      </a>
    );
    return (
      <Notice title="You are no longer signed in" icon={<SearchX aria-hidden />} actions={actions} urgent>
        Your session has ended. Nothing is lost, and nothing was searched.
      </Notice>
    );
  }
  if (error instanceof ServerProblem && error.status === FORBIDDEN) {
    return (
      <Notice title="You may not search this log" icon={<SearchX aria-hidden />} urgent>
        {error.detail} Ask an admin of this tenant.
      </Notice>
    );
  }
  return (
    <Notice title="The log does not answer" icon={<Unplug aria-hidden />} actions={<Button onPress={onAgain}>Try again</Button>} urgent>
      {error instanceof ServerProblem ? `${error.detail}. ` : ""}Nothing is lost: what applications record meanwhile is kept or refused to them, never dropped in silence.
    </Notice>
  );
}
