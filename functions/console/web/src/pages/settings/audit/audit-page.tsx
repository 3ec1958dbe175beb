import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function AuditPage() {
  return (
    <Page>
      <PageHeading title={frame.audit} />
    </Page>
  );
}
