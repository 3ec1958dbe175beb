import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Client, clientOptions, createClient, updateClient } from "../../../api/clients";
import { isProblem } from "../../../api/problems";
import { providersOptions } from "../../../api/providers";
import { queryClient } from "../../../api/query";
import { clientTexts as texts } from "../../../texts/en/clients";
import {
  announce,
  Button,
  Checkbox,
  ConflictDialog,
  FieldGroup,
  FormDialog,
  TextField,
  toasts,
  useForm,
} from "../../../ui";
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
  const base = useRef<{ values: ClientValues; etag: string | undefined }>({ values: NEW, etag: undefined });
  const [theirs, setTheirs] = useState<ClientValues>();
  const [isConflict, setConflict] = useState(false);

  const save = async (values: ClientValues, key: string): Promise<string> => {
    if (!client) return (await createClient({ name: values.name.trim(), channels: values.channels }, key)).name;
    const saved = await updateClient(client.id, changeOf(base.current.values, values), base.current.etag);
    return saved.value.name;
  };
  const done = (name: string) => {
    const words = client ? texts.saved(name) : texts.created(name);
    for (const key of ["clients", "client"]) void queryClient.invalidateQueries({ queryKey: [key] });
    toasts.done(words);
    announce(words);
    onClose();
  };
  const read = async () => {
    if (!client) return;
    const now = await queryClient.fetchQuery({ ...clientOptions(client.id), staleTime: 0 });
    base.current = { values: valuesOf(now.value), etag: now.etag };
  };
  const compare = async (mine: ClientValues) => {
    await read();
    if (conflictsOf(mine, base.current.values).length === 0) return done(mine.name);
    setTheirs(base.current.values);
    setConflict(true);
  };

  const form = useForm<ClientValues, string>({
    initial: NEW,
    labels: { name: texts.name, channels: texts.channels },
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > NAME_MAX ? texts.nameTooLong : undefined),
    },
    send: save,
    onDone: done,
    onFailure: (error, values) => {
      if (!client || !isProblem(error, "precondition-failed", "changed-meanwhile")) return false;
      compare(values).catch((failure) => form.setFailure(failure));
      return true;
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew each time it opens
  useEffect(() => {
    if (!isOpen) return;
    base.current = { values: client ? valuesOf(client) : NEW, etag: undefined };
    form.restart(base.current.values);
    // The list has no versions; the form begins with the one that is read now.
    read().then(
      () => {
        if (!form.isDirty()) form.restart(base.current.values);
      },
      (failure) => form.setFailure(failure),
    );
  }, [isOpen]);

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
      <ConflictDialog
        fields={theirs ? conflictsOf(form.values, theirs) : []}
        isOpen={isConflict}
        onClose={() => setConflict(false)}
        onKeepMine={async () => done(await save(form.values, ""))}
        onTakeTheirs={() => theirs && form.restart(theirs)}
      />
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
