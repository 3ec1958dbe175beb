import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ChatUser } from "../../api/chat-users";
import { allConnectorsOptions } from "../../api/connectors";
import { useProjectId } from "../../frame/project-id";
import { explain } from "../../texts/en/explain";
import { peopleTexts as texts } from "../../texts/en/people";
import { Dialog, ProblemView, Select, Skeleton, Stack } from "../../ui";
import { ExplainPanel } from "../explain/explain-panel";

interface Props {
  person: ChatUser;
  isOpen: boolean;
  onClose: () => void;
}

/** Explains whether a person may talk at a connector of their platform (U309). */
export function ExplainPerson({ person, isOpen, onClose }: Props) {
  const project = useProjectId();
  const { data, error, refetch } = useQuery({ ...allConnectorsOptions(project), enabled: isOpen });
  const [chosen, setChosen] = useState<string>();
  const connectors = data?.filter(({ provider }) => provider === person.provider);
  const connector = chosen ?? connectors?.[0]?.id;
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={explain.title(person.display_name)}>
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !connectors ? (
        <Skeleton rows={2} />
      ) : !connector ? (
        <p>{texts.noConnector}</p>
      ) : (
        <Stack>
          <Select
            label={texts.connector}
            onChange={setChosen}
            options={connectors.map(({ id, name }) => ({ value: id, label: name }))}
            value={connector}
          />
          <ExplainPanel about={{ connector_id: connector, chat_user_id: person.id }} project={project} />
        </Stack>
      )}
    </Dialog>
  );
}
