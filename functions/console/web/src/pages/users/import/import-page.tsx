import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { readUsersAgain } from "../../../api/end-users";
import { cancelImport, type ImportRecord, importOptions, isUnderWay, startImport } from "../../../api/imports";
import { isProblem } from "../../../api/problems";
import { formatNumber } from "../../../format";
import { imports as texts } from "../../../texts/en/imports";
import {
  announce,
  Button,
  ConfirmDialog,
  errorText,
  looks,
  Notice,
  Page,
  PageHeading,
  ProblemView,
  Row,
  Section,
  Skeleton,
  Stack,
  toasts,
  useChangeLink,
} from "../../../ui";
import { Columns } from "./columns";
import { ErrorList } from "./error-list";
import styles from "./import.module.css";
import { importable, shareOf, stepOf, summaryOf } from "./outcome";
import { Progress } from "./progress";
import { useUpload } from "./upload";
import { Walk } from "./walk";

const route = getRouteApi("/a/$account/p/$project/settings/users/import/$import");

/** An import from its check on. What is shown follows from the import, so that one may leave and come back (U410). */
export function ImportPage() {
  const { project, import: id } = route.useParams();
  const { data, error, refetch } = useQuery(importOptions(project, id));
  const status = data?.status;
  const isImport = data?.dry_run === false;
  useEffect(() => {
    if (status === "done" && isImport) void readUsersAgain(project);
  }, [status, isImport, project]);
  if (!data) {
    return (
      <Page isNarrow>
        {error ? (
          <>
            <PageHeading title={isProblem(error, "not-found") ? texts.notFound : texts.title} />
            <ProblemView error={error} retry={() => void refetch()} />
          </>
        ) : (
          <Skeleton rows={4} />
        )}
      </Page>
    );
  }
  return (
    <Page isNarrow>
      <Walk current={stepOf(data)} name={data.file_name} />
      <Stage record={data} />
    </Page>
  );
}

function Stage({ record }: { record: ImportRecord }) {
  const { step } = route.useSearch();
  if (record.status === "uploading") return <Interrupted record={record} />;
  if (isUnderWay(record)) return <UnderWay record={record} />;
  if (record.status === "failed") return <Failed record={record} />;
  if (record.status === "cancelled") return <Cancelled record={record} />;
  if (record.status === "stopped") return <Stopped record={record} />;
  if (record.status === "done" && !record.dry_run) return <Imported record={record} />;
  return step === "columns" ? <Columns key={record.id} record={record} /> : <Checked record={record} />;
}

function ToFile({ children, isMain }: { children: string; isMain?: boolean }) {
  const { account, project } = route.useParams();
  const change = useChangeLink();
  return (
    <Link
      {...change}
      className={looks({ kind: isMain ? "primary" : "plain" })}
      params={{ account, project }}
      to="/a/$account/p/$project/settings/users/import"
    >
      {children}
    </Link>
  );
}

function ToUsers() {
  const { account, project } = route.useParams();
  return (
    <Link
      className={looks({ kind: "primary" })}
      params={{ account, project }}
      to="/a/$account/p/$project/settings/users"
    >
      {texts.toUsers}
    </Link>
  );
}

/** A file of which only a part arrived. */
function Interrupted({ record }: { record: ImportRecord }) {
  const { project } = route.useParams();
  const upload = useUpload(project);
  if (upload?.id === record.id) return <Progress label={texts.uploading(record.file_name)} share={undefined} />;
  return (
    <Section about={texts.uploadStoppedAbout} title={texts.uploadStopped}>
      <Row>
        <ToFile isMain>{texts.chooseAgain}</ToFile>
      </Row>
    </Section>
  );
}

function UnderWay({ record }: { record: ImportRecord }) {
  const { project } = route.useParams();
  const [isAsking, setAsking] = useState(false);
  const { dry_run, file_name, rows, settled, cancel_requested } = record;
  const label = dry_run ? texts.checking(file_name) : texts.importing(file_name);
  const done = formatNumber(settled);
  return (
    <Section title={<bdi>{label}</bdi>}>
      <Stack gap={3}>
        <Progress label={label} share={shareOf(record)} />
        <p className={styles.soft}>
          {rows ? texts.progress(done, formatNumber(rows)) : texts.progressOpen(done)}. {texts.leave}
        </p>
        <Row>
          <Button changes isBusy={cancel_requested} onClick={() => setAsking(true)}>
            {dry_run ? texts.cancelCheck : texts.cancelImport}
          </Button>
        </Row>
      </Stack>
      <ConfirmDialog
        action={texts.cancelImport}
        cancel={texts.goOn}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => cancelImport(project, record.id)}
        title={texts.cancelTitle}
      >
        {texts.cancelText}
      </ConfirmDialog>
    </Section>
  );
}

/** The outcome of the check, and the way on. */
function Checked({ record }: { record: ImportRecord }) {
  const { account, project, import: id } = route.useParams();
  const change = useChangeLink();
  const [isBusy, setBusy] = useState(false);
  const count = importable(record);
  const summary = summaryOf(record);
  const { counts, unknown_columns, problems } = record;
  useEffect(() => announce(summary), [summary]);
  const begin = async () => {
    setBusy(true);
    try {
      await startImport(project, id, { dry_run: false });
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {problems.length > 0 && <Problems record={record} />}
      {unknown_columns.length > 0 && (
        <Notice tone="warn">
          <Stack gap={2}>
            <p>
              {texts.unknown(unknown_columns.length)}{" "}
              <bdi className={styles.headers}>{unknown_columns.slice(0, 5).join(" · ")}</bdi>
            </p>
            <div>
              <Link
                {...change}
                className={looks({ small: true })}
                params={{ account, project, import: id }}
                search={{ step: "columns" }}
                to="/a/$account/p/$project/settings/users/import/$import"
              >
                {texts.assign}
              </Link>
            </div>
          </Stack>
        </Notice>
      )}
      <Section about={texts.checked} title={summary}>
        <Stack gap={3}>
          {counts.errors > 0 && count > 0 && <p>{texts.rowsLeftOut}</p>}
          {count === 0 && <p>{texts.nothingToImport}</p>}
          <Row>
            {count > 0 && (
              <Button changes isBusy={isBusy} kind="primary" onClick={() => void begin()}>
                {texts.importUsers(formatNumber(count), count === 1)}
              </Button>
            )}
            <ToFile>{texts.chooseAgain}</ToFile>
          </Row>
        </Stack>
      </Section>
      {counts.errors > 0 && <ErrorList record={record} />}
    </>
  );
}

function Imported({ record }: { record: ImportRecord }) {
  const summary = summaryOf(record);
  useEffect(() => announce(`${texts.done}. ${summary}`), [summary]);
  return (
    <>
      <Section about={summary} title={texts.done}>
        <Row>
          <ToUsers />
          <ToFile>{texts.another}</ToFile>
        </Row>
      </Section>
      {record.counts.errors > 0 && <ErrorList record={record} />}
    </>
  );
}

function Problems({ record }: { record: ImportRecord }) {
  return (
    <Notice tone="bad">
      <p>
        <strong>{texts.failed}</strong>
      </p>
      <ul className={styles.problems}>
        {record.problems.map(({ line, column, rule, message }) => (
          <li key={`${line} ${column} ${rule}`}>
            <bdi>{message}</bdi>
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Failed({ record }: { record: ImportRecord }) {
  return (
    <>
      <Problems record={record} />
      <p>{texts.failedAbout}</p>
      <Row>
        <ToFile isMain>{texts.chooseAgain}</ToFile>
      </Row>
    </>
  );
}

/** A run that may not go on, and the way to go on later: those who were imported are found unchanged. */
function Stopped({ record }: { record: ImportRecord }) {
  const { project } = route.useParams();
  const [isBusy, setBusy] = useState(false);
  const { id, dry_run, problems, settled, stopped_because } = record;
  const begin = async () => {
    setBusy(true);
    try {
      await startImport(project, id, { dry_run });
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section about={dry_run ? undefined : texts.stoppedAbout(formatNumber(settled))} title={texts.stopped}>
      <Stack gap={3}>
        {stopped_because && <p>{texts.stoppedBecause[stopped_because]}</p>}
        {problems.map(({ message }) => (
          <p key={message}>
            <bdi>{message}</bdi>
          </p>
        ))}
        <Row>
          <Button changes isBusy={isBusy} kind="primary" onClick={() => void begin()}>
            {texts.startAgain}
          </Button>
          <ToFile>{texts.chooseAgain}</ToFile>
        </Row>
      </Stack>
    </Section>
  );
}

function Cancelled({ record }: { record: ImportRecord }) {
  return (
    <Section
      about={record.dry_run ? undefined : texts.cancelledAbout(formatNumber(record.settled))}
      title={texts.cancelled}
    >
      <Row>
        <ToFile isMain>{texts.chooseAgain}</ToFile>
        <ToUsers />
      </Row>
    </Section>
  );
}
