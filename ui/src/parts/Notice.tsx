import type { ReactNode } from "react";
import css from "./Notice.module.css";

interface NoticeProps {
  title: string;
  icon?: ReactNode;
  children: ReactNode;
  actions?: ReactNode;
  /** Announced at once, for what went wrong; else it is read where it stands. */
  urgent?: boolean;
}

/** What stands in the place of content: nothing found, or what failed, what still works, and what to do. */
export function Notice({ title, icon, children, actions, urgent = false }: NoticeProps) {
  return (
    <div className={css["notice"]} role={urgent ? "alert" : undefined}>
      {icon}
      <h2 className={css["title"]}>{title}</h2>
      <p className={css["text"]}>{children}</p>
      {actions !== undefined && <div className={css["actions"]}>{actions}</div>}
    </div>
  );
}
