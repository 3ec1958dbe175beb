import { classes } from "../../../ui/classes";
import styles from "./import.module.css";

/** A bar with how much is done; without a share, one that only says that work goes on. */
export function Progress({ label, share }: { label: string; share: number | undefined }) {
  const percent = share === undefined ? undefined : Math.round(share * 100);
  return (
    <div
      aria-label={label}
      aria-valuemax={100}
      aria-valuemin={0}
      aria-valuenow={percent}
      className={classes(styles.progress, percent === undefined && styles.isOpen)}
      role="progressbar"
    >
      <i style={percent === undefined ? undefined : { width: `${percent}%` }} />
    </div>
  );
}
