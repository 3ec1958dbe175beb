import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type ApiKey, madeByKeyOptions, revokeApiKey } from "../../../api/api-keys";
import { queryClient } from "../../../api/query";
import { apiKeys as texts } from "../../../texts/en/api-keys";
import { Checkbox, ConfirmDialog, ProblemView, Skeleton, Stack, Time, toasts } from "../../../ui";
import record from "../record.module.css";
import styles from "./api-keys.module.css";

/** Ends a key, and on demand the keys that it made. */
export function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey | undefined; onClose: () => void }) {
  const last = useRef(apiKey);
  if (apiKey) last.current = apiKey;
  const key = last.current;
  const [withMade, setWithMade] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew when it opens
  useEffect(() => setWithMade(false), [apiKey?.id]);
  const { data, error, refetch } = useQuery({
    ...madeByKeyOptions(key?.id ?? ""),
    enabled: apiKey !== undefined,
    staleTime: 0,
  });
  const made = data?.items ?? [];
  const revoke = async () => {
    if (!key) return;
    const { revoked } = await revokeApiKey(key.id, withMade && made.length > 0);
    // The list of keys that it made is gone with it, so it cannot be read again.
    const isOfKey = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey.includes(key.id);
    await queryClient.invalidateQueries({ queryKey: ["api-keys"], predicate: (query) => !isOfKey(query) });
    const others = revoked.filter((id) => id !== key.id).length;
    toasts.done(others > 0 ? texts.revokedWith(key.name, others) : texts.revoked(key.name));
  };
  return (
    <ConfirmDialog
      action={texts.revoke}
      isOpen={apiKey !== undefined}
      onClose={onClose}
      onConfirm={revoke}
      title={texts.revokeTitle(key?.name ?? "")}
    >
      <Stack>
        <p>{texts.revokeText}</p>
        {key && (
          <p className={record.soft}>
            {texts.revokeUsed} {key.last_used_at ? <Time as="date" at={key.last_used_at} /> : texts.never.toLowerCase()}
          </p>
        )}
        {error && !data ? (
          <ProblemView error={error} retry={() => void refetch()} />
        ) : !data && apiKey ? (
          <Skeleton height={32} rows={1} />
        ) : (
          made.length > 0 && (
            <Stack gap={2}>
              <p>{texts.made(made.length)}</p>
              <ul className={styles.made}>
                {made.map(({ id, name }) => (
                  <li key={id}>
                    <bdi>{name}</bdi>
                  </li>
                ))}
              </ul>
              <Checkbox isSelected={withMade} label={texts.revokeMade} onChange={setWithMade} />
            </Stack>
          )
        )}
      </Stack>
    </ConfirmDialog>
  );
}
