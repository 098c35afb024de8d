import { useMemo } from "react";
import type { Client } from "../api/client.ts";
import { useStatus } from "../parts/useStatus.ts";
import { Root, type Theme } from "../Root.tsx";
import css from "./ExportComplianceLogs.module.css";
import { ExportPage } from "./ExportPage.tsx";

export interface ExportComplianceLogsProps {
  /** Where Affidavit is mounted, absolute or relative to the page. */
  baseUrl: string;
  /** A bearer token for each call. Keep the function's identity stable between renders. */
  getToken?: () => string | null | Promise<string | null>;
  theme?: Theme;
}

/** The export form for an application's own page. It brings no global styles, takes the host's font, and may stand there twice. */
export function ExportComplianceLogs({ baseUrl, getToken, theme = "system" }: ExportComplianceLogsProps) {
  const client = useMemo<Client>(() => ({ baseUrl, getToken: getToken ?? null }), [baseUrl, getToken]);
  const status = useStatus(client);
  return (
    <Root theme={theme} className={css["embedded"] ?? ""}>
      <ExportPage client={client} status={status} />
    </Root>
  );
}
