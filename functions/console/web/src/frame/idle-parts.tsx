import { ExactTime } from "./exact-time";
import { PrintNote } from "./print-note";

/** Parts of every page that nothing needs at once. */
export function IdleParts() {
  return (
    <>
      <PrintNote />
      <ExactTime />
    </>
  );
}
