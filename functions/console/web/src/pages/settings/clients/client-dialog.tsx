import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type Client, clientOptions, createClient, updateClient } from "../../../api/clients";
import { providersOptions } from "../../../api/providers";
import { queryClient } from "../../../api/query";
import { clientTexts as texts } from "../../../texts/en/clients";
import { announce, Button, Checkbox, ConflictDialog, FieldGroup, FormDialog, TextField, toasts } from "../../../ui";
import { useRecordDialog } from "../use-record-form";
import {
  type ClientValues,
  changeOf,
  channelChoices,
  channelLabel,
  conflictsOf,
  isChannelKey,
  NEW,
  valuesOf,
} from "./client-body";

const NAME_MAX = 100;

interface Props {
  isOpen: boolean;
  onClose: () => void;
  /** The client to change; undefined to make one. */
  client: Client | undefined;
  /** All clients, whose channels are offered too. */
  others: readonly Client[];
}

/** Name and channels of a client. */
export function ClientDialog(props: Props) {
  // The last record stays in sight while the dialog closes.
  const shown = useRef(props.client);
  if (props.isOpen) shown.current = props.client;
  return <ClientForm {...props} client={shown.current} key={shown.current?.id ?? "new"} />;
}

function ClientForm({ isOpen, onClose, client, others }: Props) {
  const id = client?.id ?? "";
  const { form, conflict } = useRecordDialog<Client, ClientValues>({
    isOpen,
    onClose,
    item: client,
    target: `client:${id}`,
    blank: NEW,
    valuesOf,
    read: () => queryClient.fetchQuery({ ...clientOptions(id), staleTime: 0 }),
    create: (values, key) => createClient({ name: values.name.trim(), channels: values.channels }, key),
    update: (values, { value, etag }) => updateClient(id, changeOf(valuesOf(value), values), etag),
    differences: conflictsOf,
    labels: { name: texts.name, channels: texts.channels },
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > NAME_MAX ? texts.nameTooLong : undefined),
    },
    onDone: ({ name }) => {
      const words = client ? texts.saved(name) : texts.created(name);
      for (const key of ["clients", "client"]) void queryClient.invalidateQueries({ queryKey: [key] });
      toasts.done(words);
      announce(words);
    },
  });

  return (
    <>
      <FormDialog
        form={form}
        isOpen={isOpen}
        onClose={onClose}
        submit={client ? texts.save : texts.create}
        title={client ? texts.editTitle(client.name) : texts.createTitle}
      >
        <TextField {...form.text("name")} autoComplete="off" dir="auto" label={texts.name} />
        <ChannelsField
          error={form.errors.channels}
          isOpen={isOpen}
          onChange={(channels) => form.set("channels", channels)}
          others={others}
          value={form.values.channels}
        />
      </FormDialog>
      <ConflictDialog {...conflict} />
    </>
  );
}

interface ChannelsProps {
  value: readonly string[];
  onChange: (channels: string[]) => void;
  others: readonly Client[];
  error: string | undefined;
  isOpen: boolean;
}

/** The channels that providers and clients have, and a way to add one that nobody has yet. */
function ChannelsField({ value, onChange, others, error, isOpen }: ChannelsProps) {
  const providers = useQuery({ ...providersOptions, enabled: isOpen }).data?.items ?? [];
  const [added, setAdded] = useState<readonly string[]>([]);
  const [typed, setTyped] = useState("");
  const [complaint, setComplaint] = useState<string>();
  const choices = channelChoices(
    providers.map(({ channel }) => channel),
    others.flatMap(({ channels }) => channels),
    value,
    added,
  );
  const choose = (key: string, isChosen: boolean) =>
    onChange((isChosen ? [...new Set([...value, key])] : value.filter((other) => other !== key)).sort());
  const add = () => {
    const key = typed.trim();
    if (!isChannelKey(key)) return setComplaint(texts.otherChannelRule);
    setAdded([...added, key]);
    choose(key, true);
    setTyped("");
    announce(channelLabel(key));
  };
  return (
    <FieldGroup error={error} help={texts.channelsHelp} label={texts.channels}>
      {choices.map((key) => (
        <Checkbox
          isSelected={value.includes(key)}
          key={key}
          label={channelLabel(key)}
          name="channels"
          onChange={(isChosen) => choose(key, isChosen)}
        />
      ))}
      <TextField
        aside={
          <Button kind="quiet" onClick={add} small>
            {texts.addChannel}
          </Button>
        }
        autoComplete="off"
        error={complaint}
        help={texts.otherChannelHelp}
        label={texts.otherChannel}
        mono
        onChange={(next) => {
          setTyped(next);
          setComplaint(undefined);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          add();
        }}
        optional
        spellCheck={false}
        value={typed}
      />
    </FieldGroup>
  );
}
