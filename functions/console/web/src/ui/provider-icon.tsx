import { classes } from "./classes";
import styles from "./provider-icon.module.css";

/** Our own drawings for what each platform is known by, 16 × 16; none is a platform's logo. */
const PATHS: Readonly<Record<string, string>> = {
  slack: "M6 2.500v11M10 2.500v11M2.500 6h11M2.500 10h11",
  teams:
    "M3 4.500h6M6 4.500V12M11.500 6.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3ZM9 8h4.500v2.500a2.500 2.500 0 0 1-4 2",
  telegram: "M13.500 2.500 2 7.500l4 1.500 1.500 4.500 2-3 3 2zM6 9l7.500-6.500",
  "360dialog": "M3 13l.9-2.700A5.500 5.500 0 1 1 6 12.200zM6 6.500c0 2 1.500 3.500 3.500 3.500",
  twilio:
    "M3.500 3h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H8l-3 2.500V11H3.500a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM5.500 7h.01M8 7h.01M10.500 7h.01",
};
const OTHER = "M3.500 3h9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H8l-3 2.500V11H3.500a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Z";

/** The sign of a chat platform, beside the name that it stands for. */
export function ProviderIcon({ provider, size = 20 }: { provider: string; size?: 20 | 32 }) {
  return (
    <span aria-hidden="true" className={classes(styles.icon, styles[`size${size}`])}>
      <svg
        aria-hidden="true"
        fill="none"
        focusable="false"
        stroke="currentColor"
        strokeLinecap="round"
        strokeLinejoin="round"
        strokeWidth={1.5}
        viewBox="0 0 16 16"
      >
        <path d={PATHS[provider] ?? OTHER} />
      </svg>
    </span>
  );
}
