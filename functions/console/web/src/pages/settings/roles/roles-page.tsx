import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function RolesPage() {
  return (
    <Page>
      <PageHeading title={frame.roles} />
    </Page>
  );
}
