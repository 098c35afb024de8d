import { isToken, Masked } from "../parts/Masked.tsx";
import css from "./FactText.module.css";

/** A fact as the reader's profile shows it: in clear, a token, or removed. */
export function FactText({ text }: { text: string | null }) {
  if (text === null) return <span className={css["removed"]}>removed</span>;
  return isToken(text) ? <Masked>{text}</Masked> : text;
}
