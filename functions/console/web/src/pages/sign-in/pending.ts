const ACCOUNT = "vestibule.sign-in.account";
const RETURN_TO = "vestibule.sign-in.return-to";

/** Memory of this tab while the browser is at a provider. The way back says neither account nor address. */
export const pendingSignIn = {
  begin(account: string, returnTo: string | undefined): void {
    sessionStorage.setItem(ACCOUNT, account);
    if (returnTo) sessionStorage.setItem(RETURN_TO, returnTo);
    else sessionStorage.removeItem(RETURN_TO);
  },

  account(): string | undefined {
    return sessionStorage.getItem(ACCOUNT) ?? undefined;
  },

  returnTo(): string | undefined {
    return sessionStorage.getItem(RETURN_TO) ?? undefined;
  },

  end(): void {
    sessionStorage.removeItem(ACCOUNT);
    sessionStorage.removeItem(RETURN_TO);
  },
};
