import { useEffect, useRef } from "react";
import { type Connector, connectorOptions, type UpdateConnector, updateConnector } from "../../api/connectors";
import type { Tagged } from "../../api/problems";
import { queryClient } from "../../api/query";
import { useProjectId } from "../../frame/project-id";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { announce, type FormOptions, toasts } from "../../ui";
import { useRecordForm } from "../settings/use-record-form";
import { differencesOf, wordOf } from "./values";

interface Options<Values extends object>
  extends Pick<FormOptions<Values, Connector>, "labels" | "rules" | "apiNames" | "onFailure"> {
  record: Tagged<Connector>;
  valuesOf: (connector: Connector) => Values;
  changeOf: (before: Values, wanted: Values) => UpdateConnector;
  /** A value in words, where it is not its own. */
  words?: (name: keyof Values & string, values: Values) => string;
  onSaved?: () => void;
}

/** Takes over what was saved, wherever the connector is shown. */
export function keepConnector(project: string, saved: Tagged<Connector>): void {
  queryClient.setQueryData(connectorOptions(project, saved.value.id).queryKey, saved);
  void queryClient.invalidateQueries({ queryKey: ["connectors", project] });
}

/** One section of a connector's configuration, with a Save of its own (U305). */
export function useSectionForm<Values extends object>(options: Options<Values>) {
  const { record, valuesOf, changeOf, labels, rules, apiNames, onFailure, words, onSaved } = options;
  const project = useProjectId();
  const { id } = record.value;
  const editing = useRecordForm<Connector, Values>({
    target: `connector:${id}`,
    record,
    initial: valuesOf(record.value),
    valuesOf,
    read: () => queryClient.fetchQuery({ ...connectorOptions(project, id), staleTime: 0 }),
    update: async (wanted, before) => {
      const change = changeOf(valuesOf(before.value), wanted);
      if (Object.keys(change).length === 0) return before;
      return updateConnector(project, id, change, before.etag);
    },
    differences: differencesOf(labels, words ?? ((name, values) => wordOf(values[name]))),
    labels,
    rules,
    apiNames,
    onFailure,
    onDone: ({ name }) => {
      toasts.done(texts.saved(name));
      announce(texts.saved(name));
      void queryClient.invalidateQueries({ queryKey: connectorOptions(project, id).queryKey });
      void queryClient.invalidateQueries({ queryKey: ["connectors", project] });
      onSaved?.();
    },
  });

  // Another section's save makes a new version, which has nothing to do with what is typed here.
  const seen = useRef(JSON.stringify(valuesOf(record.value)));
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a newer version matters
  useEffect(() => {
    const now = JSON.stringify(valuesOf(record.value));
    if (now === seen.current) editing.learn(record);
    else if (!editing.form.isDirty()) seen.current = now;
  }, [record.etag]);

  return editing;
}
