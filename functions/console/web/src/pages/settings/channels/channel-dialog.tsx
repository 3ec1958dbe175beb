import { addChannel, type Channel, channelsOptions } from "../../../api/channels";
import { queryClient } from "../../../api/query";
import { channelTexts as texts } from "../../../texts/en/channels";
import { announce, FormDialog, TextField, toasts, useForm } from "../../../ui";
import { useOnOpen } from "../../../ui/use-on-open";
import { isChannelKey } from "../clients/client-body";

const NAME_MAX = 100;
const BLANK = { name: "", key: "" };

interface Props {
  isOpen: boolean;
  onClose: () => void;
  /** The channels that there are. */
  channels: readonly Channel[];
}

/** Adds a channel whose conversations come through the API. */
export function ChannelDialog({ isOpen, onClose, channels }: Props) {
  const form = useForm<typeof BLANK, Channel>({
    initial: BLANK,
    labels: { name: texts.name, key: texts.key },
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > NAME_MAX ? texts.nameTooLong : undefined),
      key: (key) => {
        if (!isChannelKey(key.trim())) return texts.keyRule;
        return channels.some((channel) => channel.key === key.trim()) ? texts.keyTaken : undefined;
      },
    },
    send: ({ name, key }) => addChannel({ name: name.trim(), key: key.trim() }),
    onDone: ({ name }) => {
      void queryClient.invalidateQueries({ queryKey: channelsOptions.queryKey });
      toasts.done(texts.created(name));
      announce(texts.created(name));
      onClose();
    },
  });
  useOnOpen(isOpen, () => form.restart(BLANK));
  return (
    <FormDialog
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      size="small"
      submit={texts.create}
      title={texts.createTitle}
    >
      <p>{texts.createText}</p>
      <TextField {...form.text("name")} autoComplete="off" autoFocus dir="auto" label={texts.name} />
      <TextField
        {...form.text("key")}
        autoComplete="off"
        help={texts.keyHelp}
        label={texts.key}
        mono
        spellCheck={false}
      />
    </FormDialog>
  );
}
