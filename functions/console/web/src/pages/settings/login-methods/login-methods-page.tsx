import { frame } from "../../../texts/en/frame";
import { Page, PageHeading } from "../../../ui";

export function LoginMethodsPage() {
  return (
    <Page>
      <PageHeading title={frame.loginMethods} />
    </Page>
  );
}
