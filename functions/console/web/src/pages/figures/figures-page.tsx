import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { allClientsOptions } from "../../api/clients";
import { type FigureFilter, figuresOptions } from "../../api/figures";
import { useMay } from "../../api/me";
import { allTeamsOptions } from "../../api/teams";
import { figureTexts as texts } from "../../texts/en/figures";
import {
  EmptyState,
  looks,
  Notice,
  Page,
  PageHeading,
  ProblemView,
  Select,
  Skeleton,
  TextField,
  useNow,
} from "../../ui";
import { useChannels } from "../settings/channels/use-channels";
import { DayChart, LoadChart } from "./chart";
import styles from "./figures.module.css";
import { DAYS_MAX, type DayRange, rangeFault, rangeOf } from "./range";
import { isEmpty, OF_CONVERSATIONS, OF_REQUESTS } from "./series";

const route = getRouteApi("/a/$account/p/$project/figures");

interface Filters {
  from?: string | undefined;
  to?: string | undefined;
  client?: string | undefined;
  channel?: string | undefined;
  team?: string | undefined;
}

/** How many asked and how long they waited, by day, client, channel and team (U608). */
export function FiguresPage() {
  const params = route.useParams();
  const { from, to, client, channel, team } = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(from, to, useNow());
  const fault = rangeFault(range);
  const filter: FigureFilter = { ...range, client_id: client, channel, team_id: team };
  const { data, error, refetch } = useQuery({ ...figuresOptions(params.project, filter), enabled: !fault });
  const change = (next: Filters) => void navigate({ search: (now) => ({ ...now, ...next }), replace: true });

  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          <Link className={looks({})} params={params} to="/a/$account/p/$project/conversations">
            {texts.conversations}
          </Link>
        }
        title={texts.title}
      />
      <FilterBar filters={{ client, channel, team }} onChange={change} range={range} />
      {fault ? null : error ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={4} />
      ) : (
        <>
          {isEmpty(data.total) && <EmptyState title={texts.nothing}>{texts.nothingText}</EmptyState>}
          {team && <Notice>{texts.noRequestsOfTeam}</Notice>}
          <div className={styles.charts}>
            {[...(data.total.requests == null ? [] : OF_REQUESTS), ...OF_CONVERSATIONS].map((kind) => (
              <DayChart days={data.days} key={kind.key} kind={kind} total={data.total} />
            ))}
            <LoadChart members={data.members} />
          </div>
        </>
      )}
    </Page>
  );
}

interface BarProps {
  range: DayRange;
  filters: Omit<Filters, "from" | "to">;
  onChange: (next: Filters) => void;
}

function FilterBar({ range, filters, onChange }: BarProps) {
  const may = useMay();
  const clients = useQuery({ ...allClientsOptions, enabled: may("projects.read") }).data ?? [];
  const teams = useQuery({ ...allTeamsOptions, enabled: may("teams.read") }).data ?? [];
  const { channels, label } = useChannels();
  const { client, channel, team } = filters;
  const fault = rangeFault(range);
  const rule = { backwards: texts.toRule, long: texts.rangeRule(DAYS_MAX) };
  return (
    <section aria-label={texts.filters} className={styles.filters} data-filters>
      <TextField
        label={texts.from}
        onChange={(value) => onChange({ from: value || undefined })}
        type="date"
        value={range.from}
      />
      <TextField
        error={fault && rule[fault]}
        label={texts.to}
        onChange={(value) => onChange({ to: value || undefined })}
        type="date"
        value={range.to}
      />
      <Select
        label={texts.client}
        onChange={(next) => onChange({ client: next || undefined })}
        options={[
          { value: "", label: texts.allClients },
          ...clients.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={client ?? ""}
      />
      <Select
        label={texts.channel}
        onChange={(next) => onChange({ channel: next || undefined })}
        options={[
          { value: "", label: texts.allChannels },
          ...channels.map(({ key }) => ({ value: key, label: label(key) })),
        ]}
        value={channel ?? ""}
      />
      {(teams.length > 0 || team) && (
        <Select
          label={texts.team}
          onChange={(next) => onChange({ team: next || undefined })}
          options={[{ value: "", label: texts.allTeams }, ...teams.map(({ id, name }) => ({ value: id, label: name }))]}
          value={team ?? ""}
        />
      )}
    </section>
  );
}
