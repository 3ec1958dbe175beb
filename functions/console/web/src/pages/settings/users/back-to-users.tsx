import { useAccount } from "../../../api/me";
import { users as texts } from "../../../texts/en/users";
import { BackLink } from "../../../ui";

export function BackToUsers() {
  const account = useAccount().id;
  return <BackLink link={{ to: "/a/$account/settings/users", params: { account } }}>{texts.back}</BackLink>;
}
