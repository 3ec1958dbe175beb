import { useQuery } from "@tanstack/react-query";
import { type ExplainBody, explanationOptions } from "../../api/explain";
import { explain as texts } from "../../texts/en/explain";
import { Button, Icon, ProblemView, Row, Skeleton, Stack } from "../../ui";
import { classes } from "../../ui/classes";
import styles from "./explain.module.css";

interface Props {
  project: string;
  /** The connector, with the person: by their record, or by the platform's id. */
  about: ExplainBody;
}

/** Whether somebody may talk at a connector: one sentence, the facts in order, and what would change it (U309, A47). */
export function ExplainPanel({ project, about }: Props) {
  const { data, error, isFetching, refetch } = useQuery(explanationOptions(project, about));
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={3} height={32} />;
  return (
    <Stack gap={4}>
      <p className={styles.sentence} dir="auto">
        {data.sentence}
      </p>
      {data.facts.length > 0 && (
        <section>
          <h3>{texts.facts}</h3>
          <ol className={styles.facts}>
            {data.facts.map(({ fact, holds, sentence }) => (
              <li className={classes(styles.fact, holds ? styles.holds : styles.fails)} key={fact}>
                <Icon name={holds ? "check" : "close"} />
                <span dir="auto">
                  <span className="visually-hidden">{holds ? texts.holds : texts.fails}: </span>
                  {sentence}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
      <section>
        <h3>{texts.changes}</h3>
        {data.changes.length === 0 ? (
          <p className={styles.soft}>{texts.noChanges}</p>
        ) : (
          <ul className={styles.changes}>
            {data.changes.map(({ sentence }) => (
              <li dir="auto" key={sentence}>
                {sentence}
              </li>
            ))}
          </ul>
        )}
      </section>
      <Row>
        <Button isBusy={isFetching} onClick={() => void refetch()} small>
          {texts.again}
        </Button>
      </Row>
    </Stack>
  );
}
