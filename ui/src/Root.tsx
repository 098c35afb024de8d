import { useCallback, useRef, type ReactNode } from "react";
import { UNSAFE_PortalProvider as PortalProvider } from "react-aria/PortalProvider";

export type Theme = "system" | "light" | "dark";

interface RootProps {
  children: ReactNode;
  className?: string;
  /** "system" follows the reader's setting. */
  theme?: Theme;
}

/** The element every rule hangs on. Popovers and drawers open inside it, so that they find the tokens. */
export function Root({ children, className = "", theme = "system" }: RootProps) {
  const overlays = useRef<HTMLDivElement>(null);
  const container = useCallback(() => overlays.current, []);
  return (
    <div className={`affidavit ${className}`} data-theme={theme === "system" ? undefined : theme}>
      <PortalProvider getContainer={container}>{children}</PortalProvider>
      <div ref={overlays} />
    </div>
  );
}
