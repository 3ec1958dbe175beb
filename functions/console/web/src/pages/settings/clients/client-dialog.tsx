import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { type Client, clientOptions, createClient, updateClient } from "../../../api/clients";
import { useAccount } from "../../../api/me";
import { queryClient } from "../../../api/query";
import { clientTexts as texts } from "../../../texts/en/clients";
import { unread } from "../../../texts/en/unread";
import {
  announce,
  Checkbox,
  ConflictDialog,
  FieldGroup,
  FormDialog,
  PartProblem,
  Skeleton,
  TextField,
  toasts,
  useIsFirstRead,
} from "../../../ui";
import { useChannels } from "../channels/use-channels";
import { minutesOf } from "../minutes";
import { useRecordDialog } from "../use-record-form";
import { bodyOf, type ClientValues, changeOf, channelChoices, conflictsOf, NEW, valuesOf } from "./client-body";

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
    create: (values, key) => createClient(bodyOf(values), key),
    update: (values, { value, etag }) => updateClient(id, changeOf(valuesOf(value), values), etag),
    differences: conflictsOf,
    labels: { name: texts.name, channels: texts.channels, firstReply: texts.firstReply },
    apiNames: { firstReply: "first_reply_minutes" },
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > NAME_MAX ? texts.nameTooLong : undefined),
      firstReply: (minutes) => (minutesOf(minutes) === undefined ? texts.firstReplyRule : undefined),
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
          onChange={(channels) => form.set("channels", channels)}
          others={others}
          value={form.values.channels}
        />
        <TextField
          {...form.text("firstReply")}
          autoComplete="off"
          help={texts.firstReplyHelp}
          inputMode="numeric"
          label={texts.firstReply}
          optional
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
}

/** The channels of the catalogue, and those that clients have besides. */
function ChannelsField({ value, onChange, others, error }: ChannelsProps) {
  const account = useAccount();
  const catalogue = useChannels();
  const isFirstRead = useIsFirstRead(catalogue.read);
  const choices = channelChoices(
    catalogue.channels.map(({ key }) => key),
    others.flatMap(({ channels }) => channels),
    value,
  );
  const choose = (key: string, isChosen: boolean) =>
    onChange((isChosen ? [...new Set([...value, key])] : value.filter((other) => other !== key)).sort());
  return (
    <FieldGroup
      error={error}
      help={
        <>
          {texts.channelsHelp}{" "}
          <Link params={{ account: account.id }} to="/a/$account/settings/channels">
            {texts.moreChannels}
          </Link>
        </>
      }
      label={texts.channels}
    >
      {isFirstRead && <Skeleton height={32} rows={4} />}
      <PartProblem read={catalogue.read} title={unread.channels} />
      {choices.map((key) => (
        <Checkbox
          isSelected={value.includes(key)}
          key={key}
          label={<bdi>{catalogue.label(key)}</bdi>}
          name="channels"
          onChange={(isChosen) => choose(key, isChosen)}
        />
      ))}
    </FieldGroup>
  );
}
