import { requests as texts } from "../../texts/en/requests";
import { Button } from "../../ui";
import styles from "./requests.module.css";

interface Props {
  count: string;
  isShown: boolean;
  onBegin: (verb: "approve" | "reject") => void;
  onClear: () => void;
}

/** Actions on the selected rows; above the bar at the bottom on phones. */
export function BulkBar({ count, isShown, onBegin, onClear }: Props) {
  if (!isShown) return null;
  return (
    <section aria-label={texts.selection} className={styles.bulk}>
      <span className={styles.bulkCount}>{texts.selected(count)}</span>
      <Button changes kind="primary" onClick={() => onBegin("approve")} small>
        {texts.approve}
      </Button>
      <Button changes onClick={() => onBegin("reject")} small>
        {texts.reject}
      </Button>
      <Button kind="quiet" onClick={onClear} small>
        {texts.clear}
      </Button>
    </section>
  );
}
