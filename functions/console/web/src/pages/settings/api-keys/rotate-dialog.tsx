import { useRef } from "react";
import { type ApiKey, rotateApiKey } from "../../../api/api-keys";
import { queryClient } from "../../../api/query";
import { apiKeys as texts } from "../../../texts/en/api-keys";
import { ConfirmDialog } from "../../../ui";

interface Props {
  apiKey: ApiKey | undefined;
  onClose: () => void;
  onRotated: (name: string, secret: string) => void;
}

/** Gives a key a new secret. */
export function RotateDialog({ apiKey, onClose, onRotated }: Props) {
  const last = useRef(apiKey);
  if (apiKey) last.current = apiKey;
  const key = last.current;
  const rotate = async () => {
    const rotated = await rotateApiKey(key?.id ?? "");
    void queryClient.invalidateQueries({ queryKey: ["api-keys"] });
    onRotated(rotated.name, rotated.key);
  };
  return (
    <ConfirmDialog
      action={texts.rotate}
      isOpen={apiKey !== undefined}
      kind="primary"
      onClose={onClose}
      onConfirm={rotate}
      title={texts.rotateTitle(key?.name ?? "")}
    >
      {texts.rotateText}
    </ConfirmDialog>
  );
}
