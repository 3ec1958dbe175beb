import { useMe } from "../api/me";
import { frame } from "../texts/en/frame";
import { shortcuts as texts } from "../texts/en/shortcuts";
import { Dialog } from "../ui/dialog";
import styles from "./frame.module.css";

const LIST: readonly (readonly [readonly string[], string])[] = [
  [["/"], texts.search],
  [["j"], texts.next],
  [["k"], texts.previous],
  [["x"], texts.select],
  [["Shift", "x"], texts.selectRange],
  [["o"], texts.open],
  [["a"], texts.approve],
  [["r"], texts.reject],
  [["."], texts.showNew],
  [["g", "r"], texts.requests],
  [["g", "c"], texts.connectors],
  [["g", "v"], texts.conversations],
  [["g", "u"], texts.users],
  [["?"], texts.list],
  [["Esc"], texts.close],
  [["Ctrl/⌘", "Enter"], texts.submit],
  [["F6"], texts.toasts],
];

/** The keyboard shortcuts, each with what it does. */
export function ShortcutList({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { preferences } = useMe();
  return (
    <Dialog isOpen={isOpen} onClose={onClose} size="small" title={frame.shortcuts}>
      {!preferences.shortcuts && <p>{texts.off}</p>}
      <dl className={styles.shortcuts}>
        {LIST.map(([keys, does]) => (
          <div key={does}>
            <dt>{does}</dt>
            <dd>
              {keys.map((key) => (
                <kbd className={styles.key} key={key}>
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
