import type { ReactNode } from "react";
import type { AvailabilityState } from "../api/availability";
import { availabilityTexts as texts } from "../texts/en/availability";
import type { MenuSection } from "../ui/menu";
import { useAvailability } from "./use-availability";

const STATES: readonly AvailabilityState[] = ["available", "away", "offline"];

/** One's own availability, as the person's menu shows it. */
export interface Standing {
  state: AvailabilityState;
  words: string;
  section: MenuSection;
}

/** Reads one's own availability for the menu, which is there before it is known. */
export function WithAvailability({ children }: { children: (standing: Standing | undefined) => ReactNode }) {
  const { own, channels, label, choose, pause } = useAvailability();
  const standing = own && {
    state: own.state,
    words: texts.states[own.state],
    section: {
      title: texts.title,
      entries: [
        ...STATES.map((state) => ({
          id: `state-${state}`,
          label: texts.states[state],
          isSelected: state === own.state,
          onAction: () => choose(state),
        })),
        ...channels.map((channel) => ({
          id: `pause-${channel}`,
          label: texts.pause(label(channel)),
          isSelected: own.paused.includes(channel),
          onAction: () => pause(channel),
        })),
      ],
    },
  };
  return children(standing);
}
