import { frame } from "../../texts/en/frame";
import { Page, PageHeading } from "../../ui";

export function ProfilePage() {
  return (
    <Page>
      <PageHeading title={frame.profile} />
    </Page>
  );
}
