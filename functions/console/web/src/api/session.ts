/**
 * The session as this tab knows it. Once somebody has signed in, a call that finds the session ended waits until they have signed in
 * again (the dialog over the page), and is then repeated, so that nothing typed is lost.
 */
type Listener = () => void;

let login: string | undefined;
let ended: PromiseWithResolvers<void> | undefined;
let renewals = 0;
const renewing = new Set<Promise<unknown>>();
const listeners = new Set<Listener>();
const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("vestibule");

function tell(): void {
  for (const listener of listeners) listener();
}

export const session = {
  /** Notes who is signed in. Without a login, an ended session leads to the sign-in page instead of the dialog. */
  began(loginId: string): void {
    login = loginId;
  },

  get loginId(): string | undefined {
    return login;
  },

  /** Whether a call waits for a new sign-in. */
  isEnded(): boolean {
    return ended !== undefined;
  },

  /** Number of times that the session was renewed so far, as far as this tab knows. */
  get renewals(): number {
    return renewals;
  },

  /** Notes a call with which the API may renew the session. */
  async mayRenew(call: Promise<Response>): Promise<Response> {
    renewing.add(call);
    try {
      const answer = await call;
      if (answer.ok) {
        resume();
        channel?.postMessage("renewed");
      }
      return answer;
    } finally {
      renewing.delete(call);
    }
  },

  /**
   * Waits until a call that found the session ended can be sent again: for a new sign-in, unless the session was renewed while the call was
   * on its way. `before` is the number of renewals when it was sent. False at once if nobody was signed in here.
   */
  async again(before: number): Promise<boolean> {
    while (renewing.size > 0) await Promise.allSettled(renewing);
    if (login === undefined) return false;
    if (renewals > before) return true;
    if (!ended) {
      ended = Promise.withResolvers();
      tell();
    }
    await ended.promise;
    return true;
  },

  /** Lets the calls that wait go on, after a new sign-in, and tells other tabs of it. */
  resumed(): void {
    resume();
    channel?.postMessage("signed-in");
  },

  /** Lets the calls that wait in this tab go on. */
  resumedHere: resume,

  /** Forgets everything of the person, here and in other tabs. */
  signedOut(): void {
    login = undefined;
    channel?.postMessage("signed-out");
  },

  /** Calls back when a session ends or is resumed; the answer ends it. */
  subscribe(listener: Listener): Listener {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function resume(): void {
  renewals += 1;
  const waiting = ended;
  ended = undefined;
  waiting?.resolve();
  tell();
}

/** Follows sign-in and sign-out in other tabs. Whoever signed in there may be somebody else, whose calls those that wait here are not. */
export function followOtherTabs(onSignedIn: () => void, onSignedOut: () => void): void {
  channel?.addEventListener("message", ({ data }) => {
    if (data === "renewed") resume();
    if (data === "signed-in" && login !== undefined) onSignedIn();
    if (data === "signed-out") {
      login = undefined;
      onSignedOut();
    }
  });
}
