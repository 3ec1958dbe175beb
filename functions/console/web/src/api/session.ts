/**
 * The session as this tab knows it. Once somebody has signed in, a call that finds the session ended waits until they have signed in
 * again (the dialog over the page), and is then repeated, so that nothing typed is lost.
 */
type Listener = () => void;

let login: string | undefined;
let ended: PromiseWithResolvers<void> | undefined;
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

  /** Waits for a new sign-in; false at once if nobody was signed in here. */
  async again(): Promise<boolean> {
    if (login === undefined) return false;
    if (!ended) {
      ended = Promise.withResolvers();
      tell();
    }
    await ended.promise;
    return true;
  },

  /** Lets the waiting calls go on, here and in other tabs. */
  resumed(): void {
    resume();
    channel?.postMessage("signed-in");
  },

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
  const waiting = ended;
  ended = undefined;
  waiting?.resolve();
  tell();
}

/** Follows sign-in and sign-out in other tabs. */
export function followOtherTabs(onSignedOut: () => void): void {
  channel?.addEventListener("message", ({ data }) => {
    if (data === "signed-in" && ended) resume();
    if (data === "signed-out") {
      login = undefined;
      onSignedOut();
    }
  });
}
