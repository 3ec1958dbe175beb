import type { ReactNode } from "react";
import { formatNumber, formatPhrase } from "../../format";
import { Notice, Stack } from "../../ui";
import styles from "./outcome.module.css";

interface Props {
  texts: {
    httpStatus: (status: number) => string;
    duration: (milliseconds: string) => string;
    answer: string;
  };
  /** The call, as the API tells of it. */
  outcome: {
    http_status?: number | null;
    duration_ms: number;
    problem?: string | null;
    answer?: string | null;
  };
  /** Sentence that tells how the call went. */
  said: string;
  tone: "good" | "warn" | "bad";
  /** Further results, before the answer as it came. */
  children?: ReactNode;
}

/** Shows how a call that was made as a test went. */
export function Outcome({ texts, outcome, said, tone, children }: Props) {
  const { http_status, duration_ms, problem, answer } = outcome;
  const isSaid = problem === `http ${http_status}`;
  return (
    <Notice tone={tone}>
      <Stack gap={2}>
        <p>
          <strong>{said}</strong> ({http_status != null && `${texts.httpStatus(http_status)}, `}
          {texts.duration(formatNumber(duration_ms))})
        </p>
        {problem && !isSaid && <p dir="auto">{formatPhrase(problem)}</p>}
        {children}
        {answer && (
          <div>
            <p>{texts.answer}</p>
            <code className={styles.answer} dir="auto">
              {answer}
            </code>
          </div>
        )}
      </Stack>
    </Notice>
  );
}
