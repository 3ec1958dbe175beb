import type { Me } from "./api/me";
import { setTimeSettings } from "./format";
import { applyTheme } from "./theme";

/** Shows times and colours as the person wants them. */
export function applyPreferences({ time_zone, hour_cycle, theme }: Me["preferences"]): void {
  setTimeSettings({ timeZone: time_zone ?? undefined, hourCycle: hour_cycle ?? undefined });
  applyTheme(theme);
}
