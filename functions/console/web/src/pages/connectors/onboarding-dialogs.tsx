import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import {
  type Connector,
  connectorOptions,
  tryConnector,
  type UpdateConnector,
  updateConnector,
} from "../../api/connectors";
import { providersOptions } from "../../api/providers";
import { queryClient } from "../../api/query";
import { formatCount } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { unread } from "../../texts/en/unread";
import {
  announce,
  ConfirmDialog,
  FormDialog,
  PartProblem,
  ProblemView,
  RadioGroup,
  Skeleton,
  toasts,
  useForm,
} from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { MessageField } from "./message-field";
import { keepConnector } from "./use-section-form";
import { messageRule } from "./values";

interface Props {
  connector: Connector;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks before onboarding is turned on or off, with what it would do to people and requests (U302, U303). */
export function OnboardingDialog({ connector, isOpen, onClose }: Props) {
  // The question stays the same while its answer is carried out and the dialog closes.
  const asked = useRef(connector);
  if (!isOpen || asked.current.id !== connector.id) asked.current = connector;
  const isOn = asked.current.policy === "OnBoarding";
  return (
    <>
      <TurnOn connector={connector} isOpen={isOpen && !isOn} onClose={onClose} />
      <TurnOff connector={connector} isOpen={isOpen && isOn} onClose={onClose} />
    </>
  );
}

/** The effects of a change while a dialog asks about it; read anew each time. */
function useEffects(connector: Connector, change: UpdateConnector, isOpen: boolean) {
  const project = useProjectId();
  return useQuery({
    queryKey: ["policy-effects", project, connector.id, change],
    queryFn: ({ signal }) => tryConnector(project, connector.id, change, signal),
    enabled: isOpen,
    staleTime: 0,
    gcTime: 0,
  });
}

/** Changes the access policy of the version that is read now. */
export function useSavePolicy(connector: Connector) {
  const project = useProjectId();
  return async (change: UpdateConnector, words: string) => {
    const now = await queryClient.fetchQuery({ ...connectorOptions(project, connector.id), staleTime: 0 });
    keepConnector(project, await updateConnector(project, connector.id, change, now.etag));
    void queryClient.invalidateQueries({ queryKey: ["access-requests", project] });
    toasts.done(words);
    announce(words);
  };
}

function TurnOn({ connector, isOpen, onClose }: Props) {
  const save = useSavePolicy(connector);
  const platforms = useQuery(providersOptions);
  const provider = platforms.data?.items.find((known) => known.provider === connector.provider);
  const message = connector.onboarding_message?.trim() || provider?.default_onboarding_message || "";
  const effects = useEffects(
    connector,
    { policy: "OnBoarding", existing_users: "keep", onboarding_message: message },
    isOpen && message !== "",
  );
  const initial = { message, existing: "keep" };
  const form = useForm({
    initial,
    labels: { message: texts.message, existing: texts.counting },
    rules: { message: (typed) => messageRule(provider, typed) },
    apiNames: { message: "onboarding_message", existing: "existing_users" },
    send: async (values) => {
      const existing_users = values.existing === "keep" ? "keep" : "require_approval";
      const change = { policy: "OnBoarding", existing_users, onboarding_message: values.message } as const;
      await save(change, texts.turnedOn(connector.name));
    },
    onDone: onClose,
  });
  useOnOpen(isOpen && message !== "", () => form.restart(initial));
  const kept = effects.data?.chat_users_kept;
  return (
    <FormDialog form={form} isOpen={isOpen} onClose={onClose} submit={texts.turnOn} title={texts.onTitle}>
      <p>{texts.onText}</p>
      <MessageField field={form.text("message")} hasFocus provider={provider} />
      <PartProblem read={platforms} title={unread.platforms} />
      {effects.error && !effects.data ? (
        <ProblemView error={effects.error} retry={() => void effects.refetch()} />
      ) : (
        <RadioGroup
          label={kept ? texts.existing(formatCount(kept)) : texts.counting}
          name="existing"
          onChange={(value) => form.set("existing", value)}
          options={[
            { value: "keep", label: texts.keep, help: texts.keepHelp },
            { value: "require_approval", label: texts.require, help: texts.requireHelp },
          ]}
          value={form.values.existing}
        />
      )}
    </FormDialog>
  );
}

function TurnOff({ connector, isOpen, onClose }: Props) {
  const save = useSavePolicy(connector);
  return (
    <PolicyConfirm
      action={texts.turnOff}
      change={{ policy: "AllowAll" }}
      connector={connector}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={() => save({ policy: "AllowAll" }, texts.turnedOff(connector.name))}
      more={texts.offMore}
      title={texts.offTitle}
    />
  );
}

interface ConfirmProps extends Props {
  change: UpdateConnector;
  title: string;
  action: string;
  /** The meaning of the change for people. */
  more: string;
  onConfirm: () => Promise<void>;
}

/** Asks before a change of the policy, with the number of requests that it closes. */
export function PolicyConfirm(props: ConfirmProps) {
  const { connector, change, isOpen, onClose, onConfirm, title, action, more } = props;
  const effects = useEffects(connector, change, isOpen);
  const closed = effects.data?.pending_requests_closed;

  return (
    <ConfirmDialog action={action} isOpen={isOpen} onClose={onClose} onConfirm={onConfirm} title={title}>
      {effects.error && !effects.data ? (
        <ProblemView error={effects.error} retry={() => void effects.refetch()} />
      ) : closed ? (
        <p>
          {texts.closeText(formatCount(closed))} {more}
        </p>
      ) : (
        <Skeleton height={32} rows={1} />
      )}
    </ConfirmDialog>
  );
}
