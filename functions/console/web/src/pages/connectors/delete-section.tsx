import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type Connector, connectorOptions, deleteConnector } from "../../api/connectors";
import type { Tagged } from "../../api/problems";
import { queryClient } from "../../api/query";
import { formatCount } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { announce, Button, ConfirmDialog, Offer, Section, Stack, toasts } from "../../ui";

const route = getRouteApi("/a/$account/p/$project/connectors/$id");

export function DeleteSection({ record }: { record: Tagged<Connector> }) {
  const { id, name, pending_count: pending } = record.value;
  const project = useProjectId();
  const navigate = route.useNavigate();
  const [isOpen, setOpen] = useState(false);
  const remove = async () => {
    await deleteConnector(project, id, record.etag);
    toasts.done(texts.deleted(name));
    announce(texts.deleted(name));
    await navigate({ to: "/a/$account/p/$project/connectors", search: {} });
    queryClient.removeQueries({ queryKey: connectorOptions(project, id).queryKey });
    for (const key of ["connectors", "access-requests"])
      void queryClient.invalidateQueries({ queryKey: [key, project] });
  };
  return (
    <Section>
      <Offer about={texts.deletionAbout} title={texts.deletion}>
        <Button changes kind="danger" onClick={() => setOpen(true)}>
          {texts.delete}
        </Button>
      </Offer>
      <ConfirmDialog
        action={texts.deleteAction}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={remove}
        title={texts.deleteTitle(name)}
      >
        <Stack gap={2}>
          <p>{texts.deleteText}</p>
          {pending && <p>{texts.closeText(formatCount(pending))}</p>}
        </Stack>
      </ConfirmDialog>
    </Section>
  );
}
