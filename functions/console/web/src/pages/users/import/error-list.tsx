import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { exportImportErrors, type ImportError, type ImportRecord, importErrorsOptions } from "../../../api/imports";
import { useList } from "../../../api/query";
import { fileName } from "../../../download";
import { formatNumber } from "../../../format";
import { ExportDialog, type ExportFormat } from "../../../frame/export-dialog";
import { imports as texts } from "../../../texts/en/imports";
import { Button, type Column, DataTable, ProblemView, Section, Skeleton } from "../../../ui";
import styles from "./import.module.css";

const route = getRouteApi("/a/$account/p/$project/settings/users/import/$import");

const COLUMNS: Column<ImportError>[] = [
  {
    key: "line",
    title: texts.line,
    isHeader: true,
    width: "16%",
    cell: ({ line }) => (
      <>
        <span className={styles.cardOnly}>{texts.line} </span>
        {formatNumber(line)}
      </>
    ),
  },
  { key: "column", title: texts.column, width: "24%", cell: ({ column }) => <bdi>{column || texts.noColumn}</bdi> },
  { key: "rule", title: texts.rule, cell: ({ message }) => <bdi>{message}</bdi> },
];

/** Mistakes in the file, line by line. */
export function ErrorList({ record }: { record: ImportRecord }) {
  const { project, import: id } = route.useParams();
  const list = useList(importErrorsOptions(project, id));
  const [format, setFormat] = useState<ExportFormat>();
  return (
    <Section
      actions={
        <Button icon="download" onClick={() => setFormat("csv")} small>
          {texts.downloadErrors}
        </Button>
      }
      title={texts.errorsTitle}
    >
      {list.error && !list.items ? (
        <ProblemView error={list.error} retry={list.retry} />
      ) : !list.items ? (
        <Skeleton rows={3} />
      ) : (
        <DataTable
          caption={texts.errorsCaption}
          columns={COLUMNS}
          isBusy={list.isFetching}
          isShowingMore={list.isShowingMore}
          rowKey={({ line, column, rule }) => `${line} ${column} ${rule}`}
          rows={list.items}
          showMore={list.showMore}
        />
      )}
      <ExportDialog
        about={texts.exportAbout}
        format={format}
        nameOf={(as) => fileName(texts.errorsName, record.file_name.replace(/\.\w+$/, ""), as)}
        onClose={() => setFormat(undefined)}
        read={(_, cursor, signal) => exportImportErrors(project, id, cursor, signal)}
        texts={{ ...texts, cancelled: texts.exportCancelled }}
      />
    </Section>
  );
}
