const TOKEN = "vestibule.address";
const LEAD = "address=";

const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** The link to a new address that is open in this tab. It waits out a sign-in, and no address keeps its token (U112). */
export const addressLink = {
  /** Keeps the token that follows `#` in an address, and answers whether there is one. */
  take(fragment: string): boolean {
    if (!fragment.startsWith(LEAD)) return false;
    sessionStorage.setItem(TOKEN, fragment.slice(LEAD.length));
    tell();
    return true;
  },

  token(): string | undefined {
    return sessionStorage.getItem(TOKEN) ?? undefined;
  },

  end(): void {
    sessionStorage.removeItem(TOKEN);
    tell();
  },

  /** Calls back when a link is opened or done with; the answer ends it. */
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** The login that a token names; undefined if it is no whole token. */
export function loginOf(token: string): string | undefined {
  return /^vsa_([0-9A-HJKMNP-TV-Z]{26})_[\w-]{43}$/.exec(token)?.[1];
}
