import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function ApiKeysPage() {
  return (
    <Page>
      <PageHeading title={frame.apiKeys} />
    </Page>
  );
}
