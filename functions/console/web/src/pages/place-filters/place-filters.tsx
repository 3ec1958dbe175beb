import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { allClientsOptions } from "../../api/clients";
import { useMay } from "../../api/me";
import { allTeamsOptions } from "../../api/teams";
import { placeFilterTexts as texts } from "../../texts/en/place-filters";
import { unread } from "../../texts/en/unread";
import { FilterRow, PartProblem, Select } from "../../ui";
import { useChannels } from "../settings/channels/use-channels";

/** Ids of a client and a team, and the key of a channel; undefined for all. */
export type PlaceFilter = {
  client?: string | undefined;
  channel?: string | undefined;
  team?: string | undefined;
};

interface Props {
  label: string;
  filters: PlaceFilter;
  onChange: (next: PlaceFilter) => void;
  /** Filters of the page itself, before the others. */
  children?: ReactNode;
  /** Number of those that are on. */
  active?: number;
}

/** Filters by client, channel and team. */
export function PlaceFilters({ label, filters, onChange, children, active = 0 }: Props) {
  const may = useMay();
  const mayPlaces = may("projects.read");
  const clients = useQuery({ ...allClientsOptions, enabled: mayPlaces });
  const readTeams = useQuery({ ...allTeamsOptions, enabled: may("teams.read") });
  const teams = readTeams.data ?? [];
  const { channels, read: readChannels, label: labelOf } = useChannels();
  const { client, channel, team } = filters;
  const problems = (
    <>
      <PartProblem read={clients} title={unread.clients} />
      <PartProblem read={readChannels} title={unread.channels} />
      <PartProblem read={readTeams} title={unread.teams} />
    </>
  );
  if (!children && !mayPlaces && teams.length === 0 && countPlaces(filters) === 0) return problems;
  return (
    <>
      <FilterRow active={active + countPlaces(filters)} label={label}>
        {children}
        {(mayPlaces || client) && (
          <Select
            label={texts.client}
            onChange={(next) => onChange({ client: next || undefined })}
            options={[{ value: "", label: texts.allClients }, ...named(clients.data ?? [])]}
            value={client ?? ""}
          />
        )}
        {(mayPlaces || channel) && (
          <Select
            label={texts.channel}
            onChange={(next) => onChange({ channel: next || undefined })}
            options={[
              { value: "", label: texts.allChannels },
              ...channels.map(({ key }) => ({ value: key, label: labelOf(key) })),
            ]}
            value={channel ?? ""}
          />
        )}
        {(teams.length > 0 || team) && (
          <Select
            label={texts.team}
            onChange={(next) => onChange({ team: next || undefined })}
            options={[{ value: "", label: texts.allTeams }, ...named(teams)]}
            value={team ?? ""}
          />
        )}
      </FilterRow>
      {problems}
    </>
  );
}

/** Number of filters that are on. */
export function countPlaces({ client, channel, team }: PlaceFilter): number {
  return [client, channel, team].filter(Boolean).length;
}

function named(records: readonly { id: string; name: string }[]) {
  return records.map(({ id, name }) => ({ value: id, label: name }));
}
