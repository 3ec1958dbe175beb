import { imports as texts } from "../../../texts/en/imports";
import { PageHeading, Stack } from "../../../ui";
import { BackToUsers } from "../back-to-users";
import styles from "./import.module.css";
import type { Step } from "./outcome";

const STEPS = ["file", "check", "import"] as const;

/** Heading of the import's pages, with the steps to it. */
export function Walk({ current, name }: { current: Step; name?: string | undefined }) {
  const shown = current === "columns" ? "check" : current;
  return (
    <>
      <BackToUsers />
      <Stack gap={3}>
        <PageHeading about={name && <bdi>{name}</bdi>} title={texts.title} />
        <ol aria-label={texts.stepsLabel} className={styles.walk}>
          {STEPS.map((step) => (
            <li aria-current={step === shown ? "step" : undefined} key={step}>
              {texts.steps[step]}
            </li>
          ))}
        </ol>
      </Stack>
    </>
  );
}
