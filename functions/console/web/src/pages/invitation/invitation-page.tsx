import { PublicPage } from "../../frame/public-page";

export function InvitationPage() {
  return <PublicPage title="Invitation " />;
}
