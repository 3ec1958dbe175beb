import { getRouteApi } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { type ImportField, type ImportRecord, startImport } from "../../../api/imports";
import { imports as texts } from "../../../texts/en/imports";
import { Button, errorText, Row, Section, Select, Stack, toasts } from "../../../ui";
import styles from "./import.module.css";
import { choicesOf, twiceIn } from "./outcome";

const route = getRouteApi("/a/$account/p/$project/settings/users/import/$import");

const FIELDS = Object.keys(texts.fields) as ImportField[];

/** Says what the columns of the file hold, where their headers do not (U410). */
export function Columns({ record }: { record: ImportRecord }) {
  const { project, import: id } = route.useParams();
  const navigate = route.useNavigate();
  const [mapping, setMapping] = useState(() => choicesOf(record));
  const [isBusy, setBusy] = useState(false);
  const fields = useRef<HTMLDivElement>(null);
  const twice = twiceIn(mapping);
  const leave = () => navigate({ search: {}, replace: true });
  const check = async () => {
    if (twice.length > 0) {
      fields.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
      return;
    }
    setBusy(true);
    try {
      await startImport(project, id, { dry_run: true, mapping });
      await leave();
    } catch (error) {
      toasts.failed(errorText(error));
      setBusy(false);
    }
  };
  return (
    <Section about={texts.columnsAbout} title={texts.columnsTitle}>
      <Stack>
        <div className={styles.columns} ref={fields}>
          {mapping.map(({ column, field }) => (
            <Select
              error={field && twice.includes(field) ? texts.twice(texts.fields[field]) : undefined}
              key={column}
              label={column}
              onChange={(value) => {
                const chosen = FIELDS.find((known) => known === value) ?? null;
                setMapping(mapping.map((one) => (one.column === column ? { column, field: chosen } : one)));
              }}
              options={[
                { value: "", label: texts.leaveOut },
                ...FIELDS.map((value) => ({ value, label: texts.fields[value] })),
              ]}
              value={field ?? ""}
            />
          ))}
        </div>
        <Row>
          <Button changes isBusy={isBusy} kind="primary" onClick={() => void check()}>
            {texts.checkAgain}
          </Button>
          <Button onClick={() => void leave()}>{texts.toCheck}</Button>
        </Row>
      </Stack>
    </Section>
  );
}
