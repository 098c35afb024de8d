import { QueryClientProvider } from "@tanstack/react-query";
import { HERE } from "./api/client.ts";
import { memory } from "./api/queries.ts";
import { Frame } from "./frame/Frame.tsx";
import { Root } from "./Root.tsx";

const MEMORY = memory();

/** The standalone app: the frame, and one page in it. */
export function App() {
  return (
    <QueryClientProvider client={MEMORY}>
      <Root className="standalone">
        <Frame client={HERE} />
      </Root>
    </QueryClientProvider>
  );
}
