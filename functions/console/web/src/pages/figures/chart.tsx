import { type ReactNode, useState } from "react";
import type { FigureDay, Figures, MemberLoad } from "../../api/figures";
import { formatDate, formatNumber } from "../../format";
import { figureTexts as texts } from "../../texts/en/figures";
import { Button, type Column, DataTable, EmptyState, Section } from "../../ui";
import { classes } from "../../ui/classes";
import styles from "./figures.module.css";
import { barsOf, type ChartKind, written } from "./series";

const WIDTH = 600;
const HEIGHT = 120;

/** “22 Nov 2026”, of a day of UTC. */
const dayName = (date: string) => formatDate(`${date}T12:00:00Z`, { timeZone: "UTC" });

/** A part of the page that is a chart or a table, as the person likes. */
function Part(props: { title: string; about: string; chart: ReactNode; table: ReactNode }) {
  const { title, about, chart, table } = props;
  const [isTable, setTable] = useState(false);
  return (
    <Section
      about={about}
      actions={
        <Button
          aria-label={isTable ? texts.chartOf(title) : texts.tableOf(title)}
          kind="quiet"
          onClick={() => setTable(!isTable)}
          small
        >
          {isTable ? texts.asChart : texts.asTable}
        </Button>
      }
      title={title}
    >
      {isTable ? table : chart}
    </Section>
  );
}

/** Numbers by day: the bars, what they add up to, and the same as a table. */
export function DayChart({ kind, days, total }: { kind: ChartKind; days: readonly FigureDay[]; total: Figures }) {
  const { title, about, series, more } = kind;
  const sums = series.map((one) => `${one.title}: ${written(kind, one.value(total))}`);
  const columns: Column<FigureDay>[] = [
    { key: "day", title: texts.day, isHeader: true, cell: ({ date }) => dayName(date) },
    ...series.map(
      (one): Column<FigureDay> => ({
        key: one.key,
        title: one.title,
        align: "end",
        cell: ({ figures }) => written(kind, one.value(figures)),
      }),
    ),
    ...(more
      ? [
          {
            key: more.key,
            title: more.title,
            align: "end",
            cell: ({ figures }) => formatNumber(more.value(figures) ?? 0),
          } satisfies Column<FigureDay>,
        ]
      : []),
  ];
  return (
    <Part
      about={about}
      chart={
        <>
          <ul aria-label={texts.total} className={styles.legend}>
            {sums.map((sum, place) => (
              <li data-series={place} key={sum}>
                {sum}
              </li>
            ))}
          </ul>
          <Bars days={days} kind={kind} label={`${title}. ${sums.join(", ")}`} />
        </>
      }
      table={<DataTable caption={title} columns={columns} rowKey={({ date }) => date} rows={[...days].reverse()} />}
      title={title}
    />
  );
}

/** “22 Nov 2026 · Requests: 4 · Decisions: 1”, to be read over a day. */
function wordsOf(kind: ChartKind, { date, figures }: FigureDay): string {
  const values = kind.series.map(({ title, value }) => `${title}: ${written(kind, value(figures))}`);
  return [dayName(date), ...values].join(" · ");
}

function Bars({ kind, days, label }: { kind: ChartKind; days: readonly FigureDay[]; label: string }) {
  const { bars, max } = barsOf(kind, days);
  const [first, last] = [days.at(0), days.at(-1)];
  return (
    <figure className={styles.chart}>
      <span aria-hidden="true" className={styles.max}>
        {max > 0 && kind.format(max)}
      </span>
      <svg aria-label={label} preserveAspectRatio="none" role="img" viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        {days.map((day, place) => (
          <rect
            className={styles.day}
            height={HEIGHT}
            key={day.date}
            width={WIDTH / days.length}
            x={(place * WIDTH) / days.length}
          >
            <title>{wordsOf(kind, day)}</title>
          </rect>
        ))}
        {bars.map(({ key, series, x, width, height }) => (
          <rect
            data-series={series}
            height={height * HEIGHT}
            key={key}
            width={width * WIDTH}
            x={x * WIDTH}
            y={(1 - height) * HEIGHT}
          />
        ))}
      </svg>
      <figcaption aria-hidden="true" className={styles.ends}>
        <span>{first && dayName(first.date)}</span>
        <span>{last && last !== first && dayName(last.date)}</span>
      </figcaption>
    </figure>
  );
}

const OF_MEMBERS: Column<MemberLoad>[] = [
  { key: "member", title: texts.member, isHeader: true, width: "60%", cell: ({ name }) => <bdi>{name}</bdi> },
  {
    key: "load",
    title: texts.load,
    align: "end",
    cell: ({ load, limit }) => texts.loadOf(formatNumber(load), formatNumber(limit)),
  },
];

/** The conversations that each member has now, as bars of their limit and as a table. */
export function LoadChart({ members }: { members: readonly MemberLoad[] }) {
  if (members.length === 0) {
    return (
      <Section about={texts.loadAbout} title={texts.load}>
        <EmptyState title={texts.nobody}>{texts.nobodyText}</EmptyState>
      </Section>
    );
  }
  return (
    <Part
      about={texts.loadAbout}
      chart={
        <ul className={styles.loads}>
          {members.map(({ id, name, load, limit }) => (
            <li key={id}>
              <bdi className={styles.member}>{name}</bdi>
              <svg aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 8">
                <rect className={styles.room} height={8} width={100} />
                <rect
                  className={classes(styles.load, load >= limit && styles.full)}
                  height={8}
                  width={Math.min(100, (100 * load) / Math.max(limit, load, 1))}
                />
              </svg>
              <span>{texts.loadOf(formatNumber(load), formatNumber(limit))}</span>
            </li>
          ))}
        </ul>
      }
      table={<DataTable caption={texts.load} columns={OF_MEMBERS} rowKey={({ id }) => id} rows={members} />}
      title={texts.load}
    />
  );
}
