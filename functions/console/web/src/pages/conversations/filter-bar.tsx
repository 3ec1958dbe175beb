import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useMay } from "../../api/me";
import { allTeamsOptions } from "../../api/teams";
import { common } from "../../texts/en/common";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, Select } from "../../ui";
import styles from "./conversations.module.css";

export interface Filters {
  client?: string | undefined;
  channel?: string | undefined;
  team?: string | undefined;
}

interface BarProps {
  filters: Filters;
  clients: readonly { id: string; name: string }[];
  channels: readonly string[];
  label: (channel: string) => string;
  onChange: (next: Filters) => void;
}

/** The filters. On a phone, they stand behind “Filters (2)” (U161). */
export function FilterBar({ filters, clients, channels, label, onChange }: BarProps) {
  const mayTeams = useMay()("teams.read");
  const teams = useQuery({ ...allTeamsOptions, enabled: mayTeams }).data ?? [];
  const { client, channel, team } = filters;
  const active = [client, channel, team].filter(Boolean).length;
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <div className={styles.filtersToggle}>
        <Button aria-controls={id} aria-expanded={isOpen} icon="settings" onClick={() => setOpen(!isOpen)} wide>
          {active > 0 ? common.filtersActive(active) : common.filters}
        </Button>
      </div>
      <div className={styles.filters} data-filters data-open={isOpen} id={id}>
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
            ...channels.map((key) => ({ value: key, label: label(key) })),
          ]}
          value={channel ?? ""}
        />
        {(teams.length > 0 || team) && (
          <Select
            label={texts.team}
            onChange={(next) => onChange({ team: next || undefined })}
            options={[
              { value: "", label: texts.allTeams },
              ...teams.map(({ id, name }) => ({ value: id, label: name })),
            ]}
            value={team ?? ""}
          />
        )}
      </div>
    </>
  );
}
