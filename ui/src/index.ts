/** What an application imports: `import { ExportComplianceLogs } from "affidavit-ui"`. */
export { ExportComplianceLogs } from "./export/ExportComplianceLogs.tsx";
export type { ExportComplianceLogsProps } from "./export/ExportComplianceLogs.tsx";
