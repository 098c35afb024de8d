/** Stands in for the package use-sync-external-store (vite.config.ts): React has it itself, and a library must not bring a `require`. */
export { useSyncExternalStore } from "react";
