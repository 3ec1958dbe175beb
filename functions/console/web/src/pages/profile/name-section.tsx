import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { meOptions, updateMe } from "../../api/me";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { profile as texts } from "../../texts/en/profile";
import {
  Badge,
  ConflictDialog,
  Details,
  Form,
  FormActions,
  Notice,
  Row,
  Section,
  Stack,
  SubmitButton,
  TextField,
  toasts,
  useForm,
} from "../../ui";
import { ChangeAddress } from "./change-address";

/** Name and address of the login. */
export function NameSection() {
  const { value: me, etag } = useSuspenseQuery(meOptions).data;
  const { email, name, verified } = me.login;
  /** The name that the form began with. */
  const before = useRef(name);
  const [theirs, setTheirs] = useState<string>();

  const saved = (next: string) => {
    before.current = next;
    form.restart({ name: next });
    toasts.done(texts.nameSaved);
  };

  const form = useForm({
    initial: { name },
    labels: { name: texts.name },
    rules: {
      name: (value) => {
        if (!value.trim()) return texts.nameRequired;
        return [...value.trim()].length > 100 ? texts.nameLong : undefined;
      },
    },
    send: async (values) => {
      const change = { name: values.name.trim() };
      try {
        return await updateMe(change, etag);
      } catch (error) {
        if (!isProblem(error, "precondition-failed")) throw error;
        const fresh = await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
        // Something else of the login changed, such as a preference.
        if (fresh.value.login.name === before.current) return updateMe(change, fresh.etag);
        setTheirs(fresh.value.login.name);
        throw error;
      }
    },
    onDone: ({ login }) => saved(login.name),
    onFailure: (error) => isProblem(error, "precondition-failed"),
  });

  const keepMine = async () => {
    const fresh = await queryClient.fetchQuery({ ...meOptions, staleTime: 0 });
    saved((await updateMe({ name: form.values.name.trim() }, fresh.etag)).login.name);
  };

  return (
    <Section about={texts.youAbout} title={texts.you}>
      <Stack gap={5}>
        <Form form={form}>
          <TextField {...form.text("name")} autoComplete="name" dir="auto" label={texts.name} />
          <FormActions>
            <SubmitButton>{texts.saveName}</SubmitButton>
          </FormActions>
        </Form>
        <Details
          items={[
            [
              texts.email,
              <Row key="email">
                <bdi>{email}</bdi>
                <Badge tone={verified ? "good" : "warn"}>{verified ? texts.verified : texts.unverified}</Badge>
              </Row>,
            ],
          ]}
        />
        <ChangeAddress />
        {!verified && (
          <Notice tone="warn">
            <p>{texts.unverifiedAbout}</p>
            <p>
              <Link to="/reset">{texts.verify}</Link>
            </p>
          </Notice>
        )}
      </Stack>
      <ConflictDialog
        fields={[{ label: texts.name, mine: form.values.name, theirs: theirs ?? "" }]}
        isOpen={theirs !== undefined}
        onClose={() => setTheirs(undefined)}
        onKeepMine={keepMine}
        onTakeTheirs={() => {
          before.current = theirs ?? name;
          form.restart({ name: theirs ?? name });
        }}
      />
    </Section>
  );
}
