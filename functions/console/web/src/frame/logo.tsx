import styles from "./frame.module.css";

/** The mark of the product: an open door in an arch. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg aria-hidden="true" className={styles.logo} height={size} viewBox="0 0 32 32" width={size}>
      <rect fill="var(--accent)" height="32" rx="8" width="32" />
      <path d="M8 25.5V15a8 8 0 0 1 16 0v10.5" fill="none" stroke="#fff" strokeLinecap="round" strokeWidth="2.8" />
      <path d="M12.5 25.5V13.8l7 2.6v9.1" fill="#fff" fillOpacity=".92" />
    </svg>
  );
}
