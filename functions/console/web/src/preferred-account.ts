import { storage } from "./storage";

/** The account that was shown last, if it is still one of the person's, or the first that opens. */
export function preferredAccount(accounts: readonly { id: string; opens: boolean }[]): string | undefined {
  const last = storage.get("account");
  return (accounts.find(({ id }) => id === last) ?? accounts.find(({ opens }) => opens) ?? accounts[0])?.id;
}
