import { useMemo, useRef, useState, useSyncExternalStore } from "react";
import { type Me, type UpdatePreferences, updateMe, useMe } from "../../api/me";
import { browserNotices } from "../../browser-notices";
import { formatDateTime, formatTime, type TimeSettings } from "../../format";
import { openShortcutList } from "../../frame/shortcuts";
import { applyPreferences } from "../../preferences";
import { profile as texts } from "../../texts/en/profile";
import { applyTheme, type Theme } from "../../theme";
import { announce, Button, errorText, RadioGroup, Row, Section, Select, Stack, Switch, toasts } from "../../ui";
import { BrowserNoticesSwitch } from "./browser-notices-switch";
import styles from "./profile.module.css";
import { ProjectNotices } from "./project-notices";
import { zoneOptions } from "./time-zones";

type Preferences = Me["preferences"];
type Name = keyof UpdatePreferences;

const BROWSER = "browser";
const REGION = "region";

/** The person's choices for every account. Each is saved by itself. */
export function PreferencesTab() {
  const { shown, choose, stateOf } = useChoices();
  const tellsHere = useSyncExternalStore(browserNotices.subscribe, browserNotices.areOn);
  const status = (...names: Name[]) => (
    <span aria-hidden="true" className={styles.status}>
      {stateOf(names)}
    </span>
  );
  const themes: readonly (readonly [Theme, string])[] = [
    ["system", texts.themeSystem],
    ["light", texts.themeLight],
    ["dark", texts.themeDark],
  ];
  return (
    <>
      <TimeSection choose={choose} shown={shown} status={status("time_zone", "hour_cycle")} />
      <Section actions={status("theme")} title={texts.look}>
        <RadioGroup
          label={texts.theme}
          onChange={(theme) => choose({ theme: theme as Theme })}
          options={themes.map(([value, label]) => ({ value, label }))}
          value={shown.theme}
        />
      </Section>
      <Section actions={status("shortcuts")} title={texts.keyboard}>
        <Stack gap={3}>
          <Switch
            changes
            help={texts.shortcutsHelp}
            isSelected={shown.shortcuts}
            label={texts.shortcuts}
            onChange={(shortcuts) => choose({ shortcuts })}
          />
          <Row>
            <Button onClick={openShortcutList} small>
              {texts.showShortcuts}
            </Button>
          </Row>
        </Stack>
      </Section>
      <Section actions={status("notices")} title={texts.mail}>
        <Stack>
          <Switch
            changes
            help={texts.noticesHelp}
            isSelected={shown.notices}
            label={texts.notices}
            onChange={(notices) => choose({ notices })}
          />
          <BrowserNoticesSwitch />
          <ProjectNotices areOn={shown.notices || tellsHere} />
        </Stack>
      </Section>
    </>
  );
}

interface TimeProps {
  shown: Preferences;
  choose: (change: UpdatePreferences) => void;
  status: React.ReactNode;
}

function TimeSection({ shown, choose, status }: TimeProps) {
  const now = useMemo(() => new Date(), []);
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = shown.time_zone;
  const zones = useMemo(
    () => [
      { value: BROWSER, label: texts.browserZone(own.replaceAll("_", " ")) },
      ...zoneOptions(Intl.supportedValuesOf("timeZone"), zone, now),
    ],
    [own, zone, now],
  );
  const settings: TimeSettings = { timeZone: zone ?? undefined };
  const at = now.getTime();
  const time = (hourCycle?: "h12" | "h23") => formatTime(at, { ...settings, hourCycle });
  const current = formatDateTime(now.toISOString(), { ...settings, hourCycle: shown.hour_cycle ?? undefined });
  return (
    <Section about={texts.timeAbout(current)} actions={status} title={texts.time}>
      <Stack>
        <div className={styles.zone}>
          <Select
            label={texts.timeZone}
            onChange={(value) => choose({ time_zone: value === BROWSER ? null : value })}
            options={zones}
            value={zone ?? BROWSER}
          />
        </div>
        <RadioGroup
          label={texts.clock}
          onChange={(value) => choose({ hour_cycle: value === REGION ? null : (value as "h12" | "h23") })}
          options={[
            { value: REGION, label: texts.clockRegion(time()) },
            { value: "h23", label: texts.clock24(time("h23")) },
            { value: "h12", label: texts.clock12(time("h12")) },
          ]}
          value={shown.hour_cycle ?? REGION}
        />
      </Stack>
    </Section>
  );
}

/** Saves choices one after the other. What is shown meanwhile is the choice; it takes effect once it is saved. */
function useChoices() {
  const { preferences } = useMe();
  const [pending, setPending] = useState<UpdatePreferences>({});
  const [saved, setSaved] = useState<Name>();
  const queue = useRef(Promise.resolve());

  const save = async (change: UpdatePreferences) => {
    const [name] = Object.keys(change) as Name[];
    try {
      const me = await updateMe({ preferences: change });
      applyPreferences(me.preferences);
      setSaved(name);
      announce(texts.saved);
    } catch (error) {
      applyTheme(preferences.theme);
      toasts.failed(errorText(error));
    }
    // A later choice of the same is still to be saved.
    setPending((all) =>
      name && all[name] === change[name]
        ? Object.fromEntries(Object.entries(all).filter(([key]) => key !== name))
        : all,
    );
  };

  const choose = (change: UpdatePreferences) => {
    // A theme shows at once, and is taken back if it cannot be kept.
    if (change.theme) applyTheme(change.theme);
    setSaved(undefined);
    setPending((all) => ({ ...all, ...change }));
    queue.current = queue.current.then(() => save(change));
  };

  const stateOf = (names: readonly Name[]) => {
    if (names.some((name) => name in pending)) return texts.saving;
    return saved && names.includes(saved) ? texts.saved : "";
  };

  return { shown: { ...preferences, ...pending } as Preferences, choose, stateOf };
}
