import { useMay, useMe } from "../../api/me";
import { useAvailability } from "../../frame/use-availability";
import type { Reader } from "./standing";

/** The facts that count about the person who is signed in. */
export function useReader(): Reader {
  const may = useMay();
  const { own } = useAvailability();
  return {
    member: useMe().account?.member_id ?? "",
    mayReply: may("conversations.reply"),
    mayOverride: may("routing.override"),
    channels: own?.channels.map(({ key }) => key),
  };
}
