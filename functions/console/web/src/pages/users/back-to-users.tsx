import { useAccount } from "../../api/me";
import { useProjectId } from "../../frame/project-id";
import { endUsers as texts } from "../../texts/en/end-users";
import { BackLink } from "../../ui";

export function BackToUsers() {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <BackLink link={{ to: "/a/$account/p/$project/settings/users", params: { account, project } }}>
      {texts.back}
    </BackLink>
  );
}
