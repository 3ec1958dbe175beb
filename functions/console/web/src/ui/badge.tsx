import type { ReactNode } from "react";
import styles from "./badge.module.css";
import { classes } from "./classes";
import tones from "./tones.module.css";

export type Tone = "grey" | "good" | "warn" | "bad" | "blue" | "violet";

/** A status or property in a few words. The words carry the meaning; the colour helps to find it. */
export function Badge({ tone = "grey", children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={classes(styles.badge, tones[tone])} title={title}>
      {children}
    </span>
  );
}

interface AvatarProps {
  name: string;
  /** Address of a square picture. */
  picture?: string | undefined;
  size?: 24 | 32 | 40 | 64 | undefined;
}

/** A picture or initials in a circle, beside the name that they stand for. */
export function Avatar({ name, picture, size = 32 }: AvatarProps) {
  if (picture) return <img alt="" className={classes(styles.avatar, styles[`size${size}`])} src={picture} />;
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  // Drawn by the style sheet: initials are no part of the text beside them.
  return (
    <span
      aria-hidden="true"
      className={classes(styles.avatar, styles[`size${size}`])}
      data-initials={letters.join("").toLocaleUpperCase()}
    />
  );
}
