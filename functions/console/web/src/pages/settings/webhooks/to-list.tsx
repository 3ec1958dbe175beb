import { useAccount } from "../../../api/me";
import { webhooks as texts } from "../../../texts/en/webhooks";
import { BackLink } from "../../../ui";

/** Leads from one webhook to the list of all. */
export function ToList() {
  const account = useAccount().id;
  return (
    <BackLink link={{ to: "/a/$account/settings/webhooks", params: { account }, search: {} }}>{texts.back}</BackLink>
  );
}
