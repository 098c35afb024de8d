// Two of them on one page, as an application would have them.
import { createRoot } from "react-dom/client";
// oxlint-disable-next-line import/no-unresolved -- built by `npm run build:lib`
import { ExportComplianceLogs } from "../../dist/affidavit-ui.js";
import "../../dist/affidavit-ui.css";

for (const [id, theme] of [["one", "light"], ["two", "dark"]] as const) {
  const place = document.getElementById(id);
  if (place !== null) createRoot(place).render(<ExportComplianceLogs baseUrl="/audit" theme={theme} />);
}
