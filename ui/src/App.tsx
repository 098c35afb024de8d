import { HERE } from "./api/client.ts";
import css from "./App.module.css";
import { ExportPage } from "./export/ExportPage.tsx";
import { Sidebar } from "./frame/Sidebar.tsx";
import { TopBar } from "./frame/TopBar.tsx";
import { useStatus } from "./parts/useStatus.ts";
import { Root } from "./Root.tsx";

/** The standalone page: the frame, and one page in it. */
export function App() {
  const status = useStatus(HERE);
  return (
    <Root className="standalone">
      <div className={css["app"]}>
        <Sidebar status={status} />
        <main className={css["sheet"]}>
          <TopBar title="New export" status={status} />
          <ExportPage client={HERE} status={status} />
        </main>
      </div>
    </Root>
  );
}
