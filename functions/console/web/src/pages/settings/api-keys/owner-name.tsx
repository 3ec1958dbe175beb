import { useQuery } from "@tanstack/react-query";
import { type ApiKey, apiKeysOptions } from "../../../api/api-keys";
import { useMay, useMe } from "../../../api/me";
import { allMembersOptions } from "../../../api/members";
import { useList } from "../../../api/query";
import { apiKeys as texts } from "../../../texts/en/api-keys";

/** The owner of a key, by name where the API tells it. */
export function OwnerName({ apiKey }: { apiKey: ApiKey }) {
  const { owner, created_by } = apiKey;
  const { account, login } = useMe();
  const may = useMay();
  const members = useQuery({ ...allMembersOptions, enabled: owner.kind === "member" && may("members.read") }).data;
  const keys = useList(apiKeysOptions).items;
  if (owner.kind === "account") return texts.ownerAccount;
  if (owner.kind === "api_key") {
    const maker = keys?.find(({ id }) => id === owner.id);
    return maker ? <bdi>{texts.ownerKey(maker.name)}</bdi> : texts.ownerOtherKey;
  }
  const isYou = owner.id === account?.member_id;
  const name =
    members?.find(({ id }) => id === owner.id)?.name ??
    (isYou ? login.name : created_by.id === `member:${owner.id}` ? created_by.name : texts.ownerMember);
  return (
    <>
      <bdi>{name}</bdi>
      {isYou && ` (${texts.ownerYou.toLowerCase()})`}
    </>
  );
}
