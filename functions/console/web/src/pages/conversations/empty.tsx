import type { View } from "../../api/conversations";
import { formatList } from "../../format";
import { useAvailability } from "../../frame/use-availability";
import { availabilityTexts } from "../../texts/en/availability";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, EmptyState } from "../../ui";

/** Stands for a view without conversations (U607). */
export function NoConversations({ view }: { view: View }) {
  switch (view) {
    case "mine":
      return <NoneMine />;
    case "queue":
      return <EmptyState title={texts.nothingWaits}>{texts.nothingWaitsText}</EmptyState>;
    case "assigned":
      return <EmptyState title={texts.noneAssigned}>{texts.noneAssignedText}</EmptyState>;
    case "agent":
      return <EmptyState title={texts.noneAgent}>{texts.noneAgentText}</EmptyState>;
    default:
      return <EmptyState title={texts.noneAll}>{texts.noneAllText}</EmptyState>;
  }
}

/** “You have no conversations. You are available for SMS and WhatsApp.” */
function NoneMine() {
  const { own, channels, label, choose } = useAvailability();
  const open = channels.filter((channel) => !own?.paused.includes(channel)).map(label);
  const paused = channels.filter((channel) => own?.paused.includes(channel)).map(label);
  const words = () => {
    if (!own) return undefined;
    if (own.state !== "available") return texts.youAre(availabilityTexts.states[own.state].toLowerCase());
    return open.length > 0 ? texts.availableFor(formatList(open)) : texts.availableForNothing;
  };
  return (
    <EmptyState
      action={
        own && own.state !== "available" ? (
          <Button changes onClick={() => choose("available")}>
            {texts.becomeAvailable}
          </Button>
        ) : undefined
      }
      title={texts.noneMine}
    >
      <p>{words()}</p>
      {own?.state === "available" && paused.length > 0 && <p>{texts.pausedAlso(formatList(paused))}</p>}
    </EmptyState>
  );
}
