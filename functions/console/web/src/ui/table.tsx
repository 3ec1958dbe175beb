import { Fragment, type ReactNode } from "react";
import { common } from "../texts/en/common";
import { Button } from "./button";
import { classes } from "./classes";
import styles from "./table.module.css";

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** CSS width on a wide screen, such as `30%`. */
  width?: string;
  align?: "end";
  /** The cell that names the row; it heads the card on a phone. */
  isHeader?: boolean;
  /** Hides the title on a phone, where the value says enough. */
  isUnlabelled?: boolean;
}

interface Props<Row> {
  /** Says what the table lists; read to those who do not see it. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** More about a row, below its cells over the whole width; undefined where there is nothing. */
  detail?: (row: Row) => ReactNode;
  /** The list is being read again. */
  isBusy?: boolean;
  showMore?: (() => void) | undefined;
  isShowingMore?: boolean;
}

/** A list as a native table; below 768 px, as cards with labelled values. */
export function DataTable<Row>(props: Props<Row>) {
  const { caption, columns, rows, rowKey, detail, isBusy, showMore, isShowingMore } = props;
  return (
    <div className={styles.frame}>
      {/* The roles stay when the layout of a phone takes the table's own away. */}
      <table aria-busy={isBusy || undefined} className={styles.table} role="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ key, title, width, align }) => (
              <th className={align && styles.end} key={key} role="columnheader" scope="col" style={{ width }}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => {
            const more = detail?.(row);
            return (
              <Fragment key={rowKey(row)}>
                <tr role="row">
                  {columns.map((column) => (
                    <Cell column={column} key={column.key} row={row} />
                  ))}
                </tr>
                {more && (
                  <tr className={styles.detail} role="row">
                    <td colSpan={columns.length} role="cell">
                      {more}
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
      {showMore && (
        <div className={styles.more}>
          <Button isBusy={isShowingMore} onClick={showMore}>
            {common.showMore}
          </Button>
        </div>
      )}
    </div>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const { title, cell, align, isHeader, isUnlabelled } = column;
  const label = (
    <span aria-hidden="true" className={classes(styles.label, isUnlabelled && styles.unlabelled)}>
      {title}
    </span>
  );
  if (isHeader) {
    return (
      <th className={styles.name} role="rowheader" scope="row">
        {cell(row)}
      </th>
    );
  }
  return (
    <td className={align && styles.end} role="cell">
      {label}
      <div className={styles.value}>{cell(row)}</div>
    </td>
  );
}
