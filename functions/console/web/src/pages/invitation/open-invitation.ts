const TOKEN = "vestibule.invitation";

/** Keeps the link of the invitation that is open in this tab, so that loading the page again, and coming back from a provider, need no new one. */
export const openInvitation = {
  /** The token of the link: what follows `#`, or what was kept if there is none or the outcome of a provider. */
  read(fragment: string): string | undefined {
    if (!fragment || isOutcome(fragment)) return sessionStorage.getItem(TOKEN) ?? undefined;
    if (isToken(fragment)) sessionStorage.setItem(TOKEN, fragment);
    return fragment;
  },

  isThere(): boolean {
    return sessionStorage.getItem(TOKEN) !== null;
  },

  end(): void {
    sessionStorage.removeItem(TOKEN);
  },
};

export function isToken(fragment: string): boolean {
  return fragment.startsWith("vsi_");
}

function isOutcome(fragment: string): boolean {
  return fragment === "ok" || fragment === "factor" || fragment.startsWith("problem=");
}
