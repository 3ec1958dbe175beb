import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ChatUser, linkChatUser } from "../../api/chat-users";
import { endUserSearchOptions } from "../../api/end-user-search";
import type { Tagged } from "../../api/problems";
import { useProjectId } from "../../frame/project-id";
import { peopleTexts as texts } from "../../texts/en/people";
import { FormDialog, ProblemView, RadioGroup, SearchField, Skeleton, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { keepPerson } from "./keep";
import styles from "./people.module.css";

interface Props {
  person: ChatUser;
  isOpen: boolean;
  onClose: () => void;
}

/** Finds a user of the project, and links the person to them. */
export function LinkDialog({ person, isOpen, onClose }: Props) {
  const project = useProjectId();
  const [q, setQ] = useState("");
  const choices = useQuery({ ...endUserSearchOptions(project, q), enabled: isOpen && q !== "" });
  const form = useForm<{ user: string }, Tagged<ChatUser>>({
    initial: { user: "" },
    labels: { user: texts.linkChoices },
    rules: { user: (user) => (user ? undefined : texts.linkRule) },
    apiNames: { user: "end_user_id" },
    send: ({ user }) => linkChatUser(project, person.id, user),
    onDone: (saved) => {
      keepPerson(project, saved, texts.linked(person.display_name, saved.value.end_user?.display_name ?? ""));
      onClose();
    },
  });
  useOnOpen(isOpen, () => {
    setQ("");
    form.restart();
  });
  const found = choices.data;
  return (
    <FormDialog
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      submit={texts.linkAction}
      title={texts.linkTitle(person.display_name)}
    >
      <p>{texts.linkText}</p>
      <SearchField
        label={texts.linkSearch}
        onSearch={(next) => {
          form.set("user", "");
          setQ(next);
        }}
        value={q}
      />
      {q === "" ? (
        <p className={styles.soft}>{form.errors.user ?? texts.linkHint}</p>
      ) : choices.error && !found ? (
        <ProblemView error={choices.error} retry={() => void choices.refetch()} />
      ) : !found ? (
        <Skeleton height={32} rows={2} />
      ) : found.length === 0 ? (
        <p role="status">{texts.linkNone}</p>
      ) : (
        <RadioGroup
          error={form.errors.user}
          label={texts.linkChoices}
          name="user"
          onChange={(user) => form.set("user", user)}
          options={found.map(({ id, full_name, email, phone_display }) => ({
            value: id,
            label: full_name,
            help: [phone_display, email].filter(Boolean).join(" · ") || undefined,
          }))}
          value={form.values.user}
        />
      )}
    </FormDialog>
  );
}
