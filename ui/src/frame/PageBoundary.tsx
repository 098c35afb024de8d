import { Component, type ReactNode } from "react";
import { Button } from "../parts/Button.tsx";
import { Notice } from "../parts/Notice.tsx";

/** What stands in the place of a page that failed: a release may have replaced its chunk, or it has a fault. Nothing is lost. */
export class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice title="This page did not load" actions={<Button onPress={() => location.reload()}>Load again</Button>}>
        The server may have been updated, or does not answer. Nothing on the log is lost.
      </Notice>
    );
  }
}
