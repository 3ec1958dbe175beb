import { useState } from "react";
import type { ExplainBody } from "../../api/explain";
import { explain as texts } from "../../texts/en/explain";
import { Dialog, Form, Row, SubmitButton, TextField, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import { ExplainPanel } from "./explain-panel";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  project: string;
  connector: string;
  /** The person who is asked about; without one, an identifier is asked for. */
  person?: { chatUser: string; name: string } | undefined;
}

/** Explains whether a person, or whoever has an identifier, may talk at a connector. */
export function ExplainDialog({ isOpen, onClose, project, connector, person }: Props) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={person ? texts.title(person.name) : texts.titleAnybody}>
      {person ? (
        <ExplainPanel about={{ connector_id: connector, chat_user_id: person.chatUser }} project={project} />
      ) : (
        <ByIdentifier connector={connector} isOpen={isOpen} project={project} />
      )}
    </Dialog>
  );
}

function ByIdentifier({ isOpen, project, connector }: Pick<Props, "isOpen" | "project" | "connector">) {
  const [about, setAbout] = useState<ExplainBody>();
  const form = useForm<{ identifier: string }, string>({
    initial: { identifier: "" },
    labels: { identifier: texts.identifier },
    rules: { identifier: (value) => (value.trim() === "" ? texts.identifierRule : undefined) },
    send: async ({ identifier }) => identifier.trim(),
    onDone: (identifier) => setAbout({ connector_id: connector, identifier }),
  });
  useOnOpen(isOpen, () => {
    form.restart();
    setAbout(undefined);
  });
  return (
    <>
      <Form form={form} isGuarded={false}>
        <TextField
          {...form.text("identifier")}
          autoComplete="off"
          autoFocus
          help={texts.identifierHelp}
          label={texts.identifier}
          mono
          spellCheck={false}
        />
        <Row align="end">
          <SubmitButton>{texts.ask}</SubmitButton>
        </Row>
      </Form>
      {about && <ExplainPanel about={about} project={project} />}
    </>
  );
}
