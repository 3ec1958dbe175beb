/** “GMT+1”: how far a time zone is from UTC at a time. */
export function offsetOf(zone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(at);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** Zones as a choice: “America/New York (GMT-5)”. One that the browser does not list stays a choice if it is chosen. */
export function zoneOptions(
  zones: readonly string[],
  chosen: string | null | undefined,
  at: Date,
): { value: string; label: string }[] {
  const all = chosen && !zones.includes(chosen) ? [chosen, ...zones] : zones;
  return all.map((zone) => ({ value: zone, label: labelOf(zone, at) }));
}

function labelOf(zone: string, at: Date): string {
  const name = zone.replaceAll("_", " ");
  try {
    return `${name} (${offsetOf(zone, at)})`;
  } catch {
    // The browser does not know it.
    return name;
  }
}
