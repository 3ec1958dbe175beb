import { useSyncExternalStore } from "react";
import { browserNotices } from "../../browser-notices";
import { profile as texts } from "../../texts/en/profile";
import { Switch } from "../../ui";

/** Lets this browser tell of new requests while the console is open (U214). */
export function BrowserNoticesSwitch() {
  const isOn = useSyncExternalStore(browserNotices.subscribe, browserNotices.areOn);
  const isRefused = useSyncExternalStore(browserNotices.subscribe, browserNotices.areRefused);
  if (!browserNotices.arePossible()) return null;
  return (
    <Switch
      help={isRefused ? texts.browserNoticesRefused : texts.browserNoticesHelp}
      isSelected={isOn}
      label={texts.browserNotices}
      onChange={(isWanted) => void browserNotices.set(isWanted)}
    />
  );
}
