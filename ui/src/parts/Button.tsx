import type { Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import css from "./Button.module.css";

/** `danger` opens a dialog about what can’t be undone; `destroy` is the button in it that does it. */
type Kind = "primary" | "plain" | "flat" | "danger" | "destroy";

interface ButtonProps extends Omit<AriaButtonProps, "className" | "style"> {
  className?: string | undefined;
  kind?: Kind;
  size?: "normal" | "small" | "large";
  ref?: Ref<HTMLButtonElement>;
}

/** A button. It is never disabled to validate: press, then the error is shown. */
export function Button({ kind = "plain", size = "normal", className = "", ...rest }: ButtonProps) {
  return <AriaButton {...rest} className={`${buttonClass(kind, size)} ${className}`} />;
}

/** The same look for what is a link by nature (a download). */
export function buttonClass(kind: Kind, size: "normal" | "small" | "large" = "normal"): string {
  return `${css["button"]} ${css[kind]} ${css[size]}`;
}
