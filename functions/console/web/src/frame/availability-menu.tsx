import { useEffect } from "react";
import type { AvailabilityState } from "../api/availability";
import { availabilityTexts as texts } from "../texts/en/availability";
import { common } from "../texts/en/common";
import type { MenuSection } from "../ui/menu";
import { useAvailability } from "./use-availability";

const STATES: readonly AvailabilityState[] = ["available", "away", "offline"];

/** One's own availability, as the person's menu shows it. */
export interface Standing {
  /** Undefined where it could not be read. */
  state: AvailabilityState | undefined;
  words: string;
  section: MenuSection;
}

/** Reads one's own availability, and tells the menu, which is there before it and may be open, each time it changes. */
export function OwnStanding({ onChange }: { onChange: (standing: Standing | undefined) => void }) {
  const availability = useAvailability();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rest follows from the availability
  useEffect(() => onChange(standingOf(availability)), [availability.own, availability.again === undefined]);
  return null;
}

function standingOf({ own, again, choose, pause }: ReturnType<typeof useAvailability>): Standing | undefined {
  if (again) {
    const entries = [{ id: "availability", label: common.tryAgain, onAction: again }];
    return { state: undefined, words: texts.unread, section: { title: texts.unread, entries } };
  }
  if (!own) return undefined;
  return {
    state: own.state,
    words: texts.states[own.state],
    section: {
      title: texts.title,
      entries: [
        ...STATES.map((state) => ({
          id: `state-${state}`,
          label: texts.states[state],
          isSelected: state === own.state,
          changes: true,
          onAction: () => choose(state),
        })),
        ...own.channels.map(({ key, name }) => ({
          id: `pause-${key}`,
          label: texts.pause(name),
          isSelected: own.paused.includes(key),
          changes: true,
          onAction: () => pause(key),
        })),
      ],
    },
  };
}
