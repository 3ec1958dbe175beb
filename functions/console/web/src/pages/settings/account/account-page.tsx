import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function AccountPage() {
  return (
    <Page>
      <PageHeading title={frame.account} />
    </Page>
  );
}
