import { useState } from "react";
import { common } from "../texts/en/common";
import { IconButton } from "./button";
import styles from "./copy.module.css";
import { announce } from "./live";
import { Marked, type Range } from "./marked";
import { toasts } from "./toast";

/** Copies a text; says whether that went well. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    announce(common.copied);
    return true;
  } catch {
    toasts.failed(common.copyFailed);
    return false;
  }
}

interface Props {
  text: string;
  /** Matches of a search in it. */
  ranges?: readonly Range[];
  onCopied?: () => void;
}

/** An identifier in monospace with a button that copies it. */
export function Copy({ text, ranges, onCopied }: Props) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text))) return;
    setCopied(true);
    onCopied?.();
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <span className={styles.copy}>
      <code className={styles.text}>{ranges?.length ? <Marked ranges={ranges} text={text} /> : text}</code>
      <IconButton
        icon={isCopied ? "check" : "copy"}
        label={isCopied ? common.copied : common.copy}
        onClick={() => void copy()}
      />
    </span>
  );
}
