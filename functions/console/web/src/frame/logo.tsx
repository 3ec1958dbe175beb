import styles from "./frame.module.css";

/** The mark of the product: an open door in an arch. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg aria-hidden="true" className={styles.logo} height={size} viewBox="0 0 32 32" width={size}>
      <rect fill="var(--accent)" height="32" rx="8" width="32" />
      <path d="M9 25V14a7 7 0 0 1 14 0v11" fill="none" stroke="#fff" strokeLinecap="round" strokeWidth="2.6" />
      <path d="M14 25v-9.5l5 1.8V25" fill="#fff" fillOpacity=".92" />
    </svg>
  );
}
