import { useQuery } from "@tanstack/react-query";
import { providersOptions } from "../../api/providers";
import { ProviderIcon } from "../../ui";
import styles from "./people.module.css";

/** A provider by its icon and name. */
export function ProviderCell({ provider }: { provider: string }) {
  const providers = useQuery(providersOptions).data?.items;
  return (
    <span className={styles.provider}>
      <ProviderIcon provider={provider} />
      {providers?.find((known) => known.provider === provider)?.label ?? provider}
    </span>
  );
}
