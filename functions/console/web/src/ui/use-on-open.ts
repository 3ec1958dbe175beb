import { useEffect } from "react";

/** Calls back each time a dialog opens, such as to begin its form anew. */
export function useOnOpen(isOpen: boolean, begin: () => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the opening matters
  useEffect(() => {
    if (isOpen) begin();
  }, [isOpen]);
}
