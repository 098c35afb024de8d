/** What an application imports: `import { ExportComplianceLogs } from "affidavit-ui"`. */
import "./tokens.css";
import "./base.css";

export { ExportComplianceLogs } from "./export/ExportComplianceLogs.tsx";
export type { ExportComplianceLogsProps } from "./export/ExportComplianceLogs.tsx";
