import { useQuery } from "@tanstack/react-query";
import type { Connector } from "../../api/connectors";
import { providersOptions } from "../../api/providers";
import { common } from "../../texts/en/common";
import { requests as texts } from "../../texts/en/requests";
import { SearchField, Select, TextField, Toolbar } from "../../ui";
import { AGES, countFilters, type Filters, isBackwards, orderOf, ordersOf } from "./filter";

interface Props {
  filters: Filters;
  connectors: readonly Connector[] | undefined;
  onChange: (next: Filters, replace?: boolean) => void;
}

/** Search, filters and order (U203). */
export function FilterBar({ filters, connectors: known, onChange }: Props) {
  const connectors = known ?? [];
  const { tab, status, q, connector, provider, age, from, to } = filters;
  const labels = useQuery({ ...providersOptions, staleTime: Number.POSITIVE_INFINITY }).data?.items;
  const providers = [...new Set([...connectors.map((one) => one.provider), ...(provider ? [provider] : [])])];
  const labelOf = (key: string) => labels?.find((one) => one.provider === key)?.label ?? key;
  const isKnown = connectors.some(({ id }) => id === connector);
  return (
    <Toolbar active={countFilters(filters)}>
      <SearchField label={texts.search} onSearch={(next) => onChange({ q: next || undefined }, true)} value={q ?? ""} />
      {tab === "history" && (
        <Select
          label={texts.status}
          onChange={(next) => onChange({ status: next === "all" ? "all" : undefined })}
          options={[
            { value: "rejected", label: texts.statuses.rejected },
            { value: "all", label: texts.statuses.all },
          ]}
          value={status ?? "rejected"}
        />
      )}
      <Select
        label={texts.connector}
        onChange={(next) => onChange({ connector: next || undefined })}
        options={[
          { value: "", label: texts.allConnectors },
          ...connectors.map(({ id, name }) => ({ value: id, label: name })),
          // One that was deleted still has requests.
          ...(connector && !isKnown
            ? [{ value: connector, label: known ? texts.deletedConnector : common.ellipsis }]
            : []),
        ]}
        value={connector ?? ""}
      />
      <Select
        label={texts.provider}
        onChange={(next) => onChange({ provider: next || undefined })}
        options={[
          { value: "", label: texts.allProviders },
          ...providers.map((key) => ({ value: key, label: labelOf(key) })),
        ]}
        value={provider ?? ""}
      />
      <Select
        label={texts.age}
        onChange={(next) => onChange({ age: AGES.find((known) => known === next), from: undefined, to: undefined })}
        options={[{ value: "", label: texts.anyAge }, ...AGES.map((value) => ({ value, label: texts.ages[value] }))]}
        value={age ?? ""}
      />
      {age === "dates" && (
        <TextField
          label={texts.from}
          onChange={(next) => onChange({ from: next || undefined }, true)}
          type="date"
          value={from ?? ""}
        />
      )}
      {age === "dates" && (
        <TextField
          error={isBackwards(filters) ? texts.toRule : undefined}
          label={texts.to}
          onChange={(next) => onChange({ to: next || undefined }, true)}
          type="date"
          value={to ?? ""}
        />
      )}
      <Select
        label={texts.order}
        onChange={(next) => onChange({ order: ordersOf(filters).find((known) => known === next) })}
        options={ordersOf(filters).map((value) => ({ value, label: texts.orders[value] }))}
        value={orderOf(filters)}
      />
    </Toolbar>
  );
}
