/** Distance from the end, in pixels, at which one still follows the conversation. */
const AT_END = 60;

type Place = Pick<HTMLElement, "scrollTop" | "scrollHeight" | "clientHeight">;

/**
 * Whether new messages are followed after a scroll from `before`, the place that was last set or seen. Content may have come between a jump
 * to the end and the event that tells of it, so that only a way up is the reader's.
 */
export function followsAfter({ scrollTop, scrollHeight, clientHeight }: Place, before: number, did: boolean): boolean {
  if (scrollHeight - scrollTop - clientHeight < AT_END) return true;
  return did && scrollTop >= before;
}
