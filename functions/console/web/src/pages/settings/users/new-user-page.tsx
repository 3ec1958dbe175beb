import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function NewUserPage() {
  return (
    <Page>
      <PageHeading title={frame.users} />
    </Page>
  );
}
