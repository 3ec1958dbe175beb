import { useState, useSyncExternalStore } from "react";
import { browserNotices } from "../../browser-notices";
import { profile as texts } from "../../texts/en/profile";
import { Switch } from "../../ui";

/** Lets this browser tell of new requests while the console is open (U214). */
export function BrowserNoticesSwitch() {
  const isOn = useSyncExternalStore(browserNotices.subscribe, browserNotices.areOn);
  const [isRefused, setRefused] = useState(browserNotices.areRefused);
  if (!browserNotices.arePossible()) return null;
  const choose = async (isWanted: boolean) => {
    const isOnNow = await browserNotices.set(isWanted);
    setRefused(isWanted && !isOnNow);
  };
  return (
    <Switch
      help={isRefused ? texts.browserNoticesRefused : texts.browserNoticesHelp}
      isSelected={isOn}
      label={texts.browserNotices}
      onChange={(isWanted) => void choose(isWanted)}
    />
  );
}
