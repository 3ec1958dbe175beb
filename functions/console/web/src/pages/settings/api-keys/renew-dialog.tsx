import { useEffect, useRef } from "react";
import { type ApiKey, renewApiKey } from "../../../api/api-keys";
import { queryClient } from "../../../api/query";
import { formatDate } from "../../../format";
import { apiKeys as texts } from "../../../texts/en/api-keys";
import { FormDialog, RadioGroup, toasts, useForm } from "../../../ui";
import { LIVES, renewedEnd } from "./expiry";

/** Moves the end of a key. */
export function RenewDialog({ apiKey, onClose }: { apiKey: ApiKey | undefined; onClose: () => void }) {
  const last = useRef(apiKey);
  if (apiKey) last.current = apiKey;
  const key = last.current;
  const form = useForm({
    initial: { days: "90" },
    labels: { days: texts.renewFor },
    apiNames: { days: "expires_in_days" },
    send: ({ days }) => renewApiKey(key?.id ?? "", Number(days)),
    onDone: async (renewed) => {
      await queryClient.invalidateQueries({ queryKey: ["api-keys"] });
      onClose();
      toasts.done(texts.renewed(renewed.name, formatDate(renewed.expires_at)));
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew when it opens
  useEffect(() => {
    if (apiKey) form.restart({ days: "90" });
  }, [apiKey?.id]);
  return (
    <FormDialog
      form={form}
      isOpen={apiKey !== undefined}
      onClose={onClose}
      size="small"
      submit={texts.renew}
      title={texts.renewTitle(key?.name ?? "")}
    >
      <p>{texts.renewAbout}</p>
      {key?.owner.kind === "api_key" && <p>{texts.renewOfKey}</p>}
      <RadioGroup
        label={texts.renewFor}
        name="days"
        onChange={(days) => form.set("days", days)}
        options={LIVES.map((days) => {
          const end = key ? renewedEnd(key.expires_at, days) : "";
          const date = end && formatDate(end);
          return {
            value: String(days),
            label: texts.days(days),
            help: end === key?.expires_at ? texts.unchangedUntil(date) : texts.until(date),
          };
        })}
        value={form.values.days}
      />
    </FormDialog>
  );
}
