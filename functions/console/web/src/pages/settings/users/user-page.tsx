import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function UserPage() {
  return (
    <Page>
      <PageHeading title={frame.users} />
    </Page>
  );
}
