import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FigureFilter, figuresOptions } from "../../api/figures";
import { figureTexts as texts } from "../../texts/en/figures";
import {
  EmptyState,
  looks,
  NoMatches,
  Notice,
  Page,
  PageHeading,
  ProblemView,
  Skeleton,
  TextField,
  useNow,
} from "../../ui";
import { countPlaces, type PlaceFilter, PlaceFilters } from "../place-filters/place-filters";
import { DayChart, LoadChart } from "./chart";
import styles from "./figures.module.css";
import { DAYS_MAX, rangeFault, rangeOf } from "./range";
import { isEmpty, OF_CONVERSATIONS, OF_REQUESTS } from "./series";

const route = getRouteApi("/a/$account/p/$project/figures");

interface Filters extends PlaceFilter {
  from?: string | undefined;
  to?: string | undefined;
}

/** Number of requests, and times that people waited, by day, client, channel and team (U608). */
export function FiguresPage() {
  const params = route.useParams();
  const { from, to, ...places } = route.useSearch();
  const { client, channel, team } = places;
  const navigate = route.useNavigate();
  const range = rangeOf(from, to, useNow());
  const fault = rangeFault(range);
  const filter: FigureFilter = { ...range, client_id: client, channel, team_id: team };
  const figures = useQuery({ ...figuresOptions(params.project, filter), enabled: !fault });
  const { data, error, refetch } = figures;
  const change = (next: Filters, replace = false) => void navigate({ search: (now) => ({ ...now, ...next }), replace });
  const rules = { backwards: texts.toRule, long: texts.rangeRule(DAYS_MAX) };
  const isFiltered = countPlaces(places) > 0;

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          <Link className={looks({})} params={params} search={places} to="/a/$account/p/$project/conversations">
            {texts.conversations}
          </Link>
        }
        title={texts.title}
      />
      <PlaceFilters
        active={[from, to].filter(Boolean).length}
        filters={places}
        label={texts.filters}
        onChange={(next) => change(next)}
      >
        <TextField
          label={texts.from}
          onChange={(value) => change({ from: value || undefined }, true)}
          type="date"
          value={range.from}
        />
        <TextField
          error={fault && rules[fault]}
          label={texts.to}
          onChange={(value) => change({ to: value || undefined }, true)}
          type="date"
          value={range.to}
        />
      </PlaceFilters>
      {fault ? null : error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={4} />
      ) : (
        <div aria-busy={figures.isPlaceholderData || undefined} className={styles.charts}>
          {team && (
            <div className={styles.wide}>
              <Notice>{texts.noRequestsOfTeam}</Notice>
            </div>
          )}
          {!isEmpty(data.total) ? (
            [...(data.total.requests == null ? [] : OF_REQUESTS), ...OF_CONVERSATIONS].map((kind) => (
              <DayChart days={data.days} key={kind.key} kind={kind} total={data.total} />
            ))
          ) : (
            <div className={styles.wide}>
              {isFiltered ? (
                <NoMatches onClear={() => change({ client: undefined, channel: undefined, team: undefined })}>
                  {texts.nothing}
                </NoMatches>
              ) : (
                <EmptyState title={texts.nothing}>{texts.nothingText}</EmptyState>
              )}
            </div>
          )}
          <LoadChart members={data.members} />
        </div>
      )}
    </Page>
  );
}
