import { isToken, Masked } from "../parts/Masked.tsx";
import css from "./FactText.module.css";
import type { Title } from "./words.ts";

/** A fact as the reader's profile shows it: in clear, a token, or removed. */
export function FactText({ text }: { text: string | null }) {
  if (text === null) return <span className={css["removed"]}>removed</span>;
  return isToken(text) ? <Masked>{text}</Masked> : text;
}

/** What a case is called, with its subject as the reader sees it. */
export function TitleText({ title: { what, about } }: { title: Title }) {
  if (about === undefined) return what;
  return (
    <>
      {what}: <FactText text={about} />
    </>
  );
}
