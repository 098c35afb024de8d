import { Check, CircleDashed, X } from "lucide-react";
import css from "./Verdict.module.css";

const LOOKS = {
  PASS: { name: "pass", Icon: Check },
  FAIL: { name: "fail", Icon: X },
  "NOT PROVEN": { name: "open", Icon: CircleDashed },
} as const;

/** A verdict's chip: icon, word and outline differ, so that no colour is needed. Always beside its name and its reason. */
export function Verdict({ status }: { status: keyof typeof LOOKS }) {
  const { name, Icon } = LOOKS[status];
  return (
    <span className={`${css["chip"]} ${css[name]}`}>
      <Icon aria-hidden />
      {status}
    </span>
  );
}
