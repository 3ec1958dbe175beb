import { useAccount } from "../../../api/me";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import { BackLink } from "../../../ui";

/** Leads from one login method to the list of all. */
export function ToList() {
  const account = useAccount().id;
  return (
    <BackLink link={{ to: "/a/$account/settings/login-methods", params: { account }, search: {} }}>
      {texts.back}
    </BackLink>
  );
}
