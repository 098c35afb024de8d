import { createContext, useContext, useEffect } from "react";

export interface Titled {
  /** Names what is shown within a page: its heading, and the window's title. Null: the page's own name. */
  setTitle: (title: string | null) => void;
}

export const TitleContext = createContext<Titled>({ setTitle: () => undefined });

/** A page that shows one thing of many names it: `useTitle(run && run.file)`. The page's own name becomes the way back. */
export function useTitle(title: string | null): void {
  const { setTitle } = useContext(TitleContext);
  useEffect(() => {
    setTitle(title);
    return () => setTitle(null);
  }, [title, setTitle]);
}
