import { useQuery } from "@tanstack/react-query";
import { providersOptions } from "../../api/providers";
import { Icon, type IconName } from "../../ui";
import { channelName } from "./hint";
import styles from "./requests.module.css";

const ICONS: Readonly<Record<string, IconName>> = {
  slack: "channel",
  teams: "users",
  telegram: "send",
  whatsapp: "chat",
  sms: "phone",
};

/** A platform by its icon and name. */
export function ProviderName({ provider, channel }: { provider: string; channel: string }) {
  const known = useQuery({ ...providersOptions, staleTime: Number.POSITIVE_INFINITY }).data?.items;
  return (
    <span className={styles.provider}>
      <Icon name={ICONS[channel] ?? "chat"} />
      {known?.find((one) => one.provider === provider)?.label ?? channelName(channel)}
    </span>
  );
}
