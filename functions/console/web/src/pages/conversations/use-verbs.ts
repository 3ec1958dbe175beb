import { useState } from "react";
import {
  type Conversation,
  claim,
  giveBack,
  handOver,
  readConversationsAgain,
  release,
  requeue,
} from "../../api/conversations";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { announce, errorText, toasts } from "../../ui";
import { limitMet, winnerOf } from "./standing";

/** Says an outcome, to be seen and heard. */
export function tell(words: string): void {
  toasts.done(words);
  announce(words);
}

/** Says that somebody else was first, and reads again how it stands now; answers whether that was the error. */
export function tellLoss(project: string, error: unknown): boolean {
  const winner = winnerOf(error);
  if (winner === undefined) return false;
  const words = winner === "" ? texts.takenBySomebody : texts.taken(winner);
  toasts.failed(words);
  announce(words);
  void readConversationsAgain(project);
  return true;
}

interface Options {
  project: string;
  mayOverride: boolean;
  /** Called after each change. */
  onChanged: () => void;
  /** Called with the id of a conversation that was claimed. */
  onClaimed?: (id: string) => void;
}

/** Claiming, with the question whether to exceed one's limit, and the verbs that a dialog asks before. */
export function useVerbs({ project, mayOverride, onChanged, onClaimed }: Options) {
  const [claiming, setClaiming] = useState<string>();
  const [overLimit, setOverLimit] = useState<{ conversation: Conversation; load: number; limit: number }>();
  const [isAsking, setAsking] = useState(false);

  const finish = (words: string) => {
    tell(words);
    onChanged();
  };
  /** Runs what a dialog asked for, and answers whether it was done; a lost race closes it, and what else went wrong it shows. */
  const run = async (change: () => Promise<unknown>, words: string): Promise<boolean> => {
    try {
      await change();
    } catch (error) {
      if (!tellLoss(project, error)) throw error;
      onChanged();
      return false;
    }
    finish(words);
    return true;
  };

  return {
    /** Id of the conversation that is being claimed. */
    claiming,
    claim: async (conversation: Conversation) => {
      if (claiming !== undefined) return;
      setClaiming(conversation.id);
      try {
        await claim(project, conversation.id);
        finish(texts.claimed);
        onClaimed?.(conversation.id);
      } catch (error) {
        const met = limitMet(error);
        if (met && mayOverride) {
          setOverLimit({ conversation, ...met });
          setAsking(true);
        } else if (tellLoss(project, error)) {
          onChanged();
        } else {
          toasts.failed(errorText(error));
        }
      } finally {
        setClaiming(undefined);
      }
    },
    /** The question whether to exceed one's own limit. */
    overLimit: {
      isOpen: isAsking,
      load: overLimit?.load ?? 0,
      limit: overLimit?.limit ?? 0,
      close: () => setAsking(false),
      confirm: async () => {
        if (!overLimit) return;
        const { id } = overLimit.conversation;
        if (await run(() => claim(project, id, true), texts.claimed)) onClaimed?.(id);
      },
    },
    release: ({ id }: Conversation) => run(() => release(project, id), texts.released),
    requeue: ({ id }: Conversation) => run(() => requeue(project, id), texts.requeued),
    giveBack: ({ id }: Conversation) => run(() => giveBack(project, id), texts.givenBack),
    handOver: ({ id }: Conversation) => run(() => handOver(project, id, {}), texts.handedOver),
  };
}

export type Verbs = ReturnType<typeof useVerbs>;
