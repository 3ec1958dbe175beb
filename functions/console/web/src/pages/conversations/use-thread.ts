import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type Message, newestMessagesOptions, readMessages } from "../../api/conversations";
import { polling } from "../../api/polling";
import { gapBefore, isUnderWay, merged } from "./thread";

/** Milliseconds after which the outcome of a sending is asked for. */
const SOON = 2_000;

/** The messages of one conversation, from the newest back as far as they were asked for. For a component that has the conversation as its key. */
export function useThread(project: string, id: string) {
  const [messages, setMessages] = useState<readonly Message[]>();
  const isSending = isUnderWay(messages ?? [], Date.now());
  const newest = useQuery({
    ...newestMessagesOptions(project, id),
    ...polling,
    refetchInterval: isSending ? SOON : polling.refetchInterval,
  });
  const [hasEarlier, setHasEarlier] = useState(false);
  const [isReadingEarlier, setReadingEarlier] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const [sent, setSent] = useState(0);
  const latest = useRef(messages);
  latest.current = messages;

  const take = (page: readonly Message[]) => {
    latest.current = merged(latest.current ?? [], page);
    setMessages(latest.current);
  };

  const { data } = newest;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    if (!data) return;
    let isLeft = false;
    const fill = async () => {
      const found = [...data.items];
      // More came than one page holds, such as after a night with a closed lid.
      for (let before = gapBefore(latest.current ?? [], found); before !== undefined; ) {
        const page = await readMessages(project, id, before);
        found.push(...page.items);
        before = page.items.length > 0 ? gapBefore(latest.current ?? [], found) : undefined;
      }
      if (isLeft) return;
      if (latest.current === undefined) setHasEarlier(data.hasMore);
      take(found);
    };
    fill().catch((error: unknown) => !isLeft && setFailure(error));
    return () => {
      isLeft = true;
    };
  }, [data]);

  const showEarlier = async () => {
    const first = latest.current?.[0]?.number;
    if (isReadingEarlier || first === undefined) return;
    setReadingEarlier(true);
    setFailure(undefined);
    try {
      const page = await readMessages(project, id, first);
      take(page.items);
      setHasEarlier(page.hasMore);
    } catch (error) {
      setFailure(error);
    } finally {
      setReadingEarlier(false);
    }
  };

  return {
    messages,
    error: messages ? null : newest.error,
    /** The failure of reading earlier messages, while others are shown. */
    failure,
    retry: () => void newest.refetch(),
    hasEarlier,
    isReadingEarlier,
    showEarlier: () => void showEarlier(),
    /** Number of times that something was written here. */
    sent,
    /** Takes over messages that were written here. */
    takeSent: (written: readonly Message[]) => {
      take(written);
      setSent((times) => times + 1);
    },
  };
}

export type ThreadState = ReturnType<typeof useThread>;
