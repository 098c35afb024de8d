import { CircleAlert } from "lucide-react";
import { useEffect, useId, useRef } from "react";
import { LABELS, type FieldName } from "./conditions.ts";
import css from "./ErrorSummary.module.css";
import { fieldOf, type Failure } from "./failure.ts";

interface ErrorSummaryProps {
  failure: Failure;
  onField: (field: FieldName) => void;
}

/** What failed and what to do, at the top; takes the focus when it appears, so give each failure its own key. */
export function ErrorSummary({ failure, onField }: ErrorSummaryProps) {
  const heading = useId();
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    box.current?.focus();
    box.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <section ref={box} className={css["summary"]} aria-labelledby={heading} tabIndex={-1}>
      <CircleAlert aria-hidden />
      <div>
        <h2 id={heading} className={css["title"]}>
          {failure.title}
        </h2>
        <p>{failure.advice}</p>
        {failure.faults.length > 0 && (
          <ul className={css["faults"]}>
            {failure.faults.map((fault) => (
              <li key={`${fault.field} ${fault.message}`}>
                <Fault field={fieldOf(fault.field)} path={fault.field} message={fault.message} onField={onField} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function Fault({ field, path, message, onField }: { field: FieldName | null; path: string; message: string; onField: (field: FieldName) => void }) {
  if (field === null) return path === "" ? message : `${path}: ${message}`;
  return (
    <>
      <button type="button" className={css["jump"]} onClick={() => onField(field)}>
        {LABELS[field]}
      </button>
      : {message}
    </>
  );
}
