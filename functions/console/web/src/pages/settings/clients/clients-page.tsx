import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function ClientsPage() {
  return (
    <Page>
      <PageHeading title={frame.clients} />
    </Page>
  );
}
