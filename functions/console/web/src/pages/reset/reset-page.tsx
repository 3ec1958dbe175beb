import { PublicPage } from "../../frame/public-page";

export function ResetPage() {
  return <PublicPage title="Reset password" />;
}
