import { useQuery } from "@tanstack/react-query";
import { providersOptions } from "../../api/providers";
import { ProviderIcon } from "../../ui";
import { channelName } from "./hint";
import styles from "./requests.module.css";

/** A platform by its icon and name. */
export function ProviderName({ provider, channel }: { provider: string; channel: string | null | undefined }) {
  const known = useQuery({ ...providersOptions, staleTime: Number.POSITIVE_INFINITY }).data?.items;
  return (
    <span className={styles.provider}>
      <ProviderIcon provider={provider} />
      {known?.find((one) => one.provider === provider)?.label ?? channelName(channel)}
    </span>
  );
}
