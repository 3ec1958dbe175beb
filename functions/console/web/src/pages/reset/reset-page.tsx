import { useState } from "react";
import { useFragment, useNewLink } from "../../fragment";
import { AskReset } from "./ask-reset";
import { FinishReset } from "./finish-reset";

/** A new password: asked for by an address, set by the link of a mail. */
export function ResetPage() {
  const fragment = useFragment();
  const [token, setToken] = useState(fragment);
  useNewLink(Boolean);
  return token ? <FinishReset onAskAgain={() => setToken("")} token={token} /> : <AskReset />;
}
