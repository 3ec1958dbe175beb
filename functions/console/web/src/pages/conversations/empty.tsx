import type { View } from "../../api/conversations";
import { useAvailability } from "../../frame/use-availability";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { Button, EmptyState } from "../../ui";
import { ownWords } from "./own-words";

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

/** “You have no conversations”, and below it “You are available for SMS and WhatsApp.” */
function NoneMine() {
  const { own, choose } = useAvailability();
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
      {own && ownWords(own).map((words) => <p key={words}>{words}</p>)}
    </EmptyState>
  );
}
