import { queryClient } from "../api/query";
import { session } from "../api/session";
import { signOut } from "../api/sign-out";
import { errorText } from "../ui/states";
import { toasts } from "../ui/toast";

/** Signs out, and goes to the sign-in. */
export async function leave(address = "/console/sign-in"): Promise<void> {
  try {
    await signOut();
  } catch (error) {
    toasts.failed(errorText(error));
    return;
  }
  session.signedOut();
  queryClient.clear();
  // A fresh page holds nothing of the person.
  location.assign(address);
}
