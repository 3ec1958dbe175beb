import { Link } from "@tanstack/react-router";
import { currentAccount } from "../api/client";
import { useMe } from "../api/me";
import { closedAccount as texts } from "../texts/en/closed-account";
import { looks } from "../ui/button";
import { MessagePage } from "./pages";

/** An account that the session does not open, and what would. */
export function ClosedAccount() {
  const { accounts, session } = useMe();
  const id = currentAccount() ?? "";
  const place = accounts.find((account) => account.id === id);
  if (!place) return <MessagePage title={texts.noAccountTitle}>{texts.noAccount}</MessagePage>;
  const again = (
    <Link
      className={looks({ kind: "primary" })}
      params={{ account: id }}
      search={{ return_to: location.pathname }}
      to="/sign-in/$account"
    >
      {texts.signInAgain}
    </Link>
  );
  if (session.missing.includes("factor_set_up")) {
    const setUp = (
      <Link className={looks({ kind: "primary" })} search={{ tab: "security" }} to="/profile">
        {texts.setUpFactor}
      </Link>
    );
    return (
      <MessagePage action={setUp} title={texts.factorTitle}>
        {texts.factorSetUp}
      </MessagePage>
    );
  }
  if (session.missing.includes("factor")) {
    return (
      <MessagePage action={again} title={texts.factorTitle}>
        {texts.factor}
      </MessagePage>
    );
  }
  if (session.missing.includes("provider")) {
    return (
      <MessagePage action={again} title={texts.providerTitle}>
        {texts.provider}
      </MessagePage>
    );
  }
  if (session.missing.includes("own_sign_in")) {
    return (
      <MessagePage action={again} title={texts.ownSignInTitle}>
        {texts.ownSignIn}
      </MessagePage>
    );
  }
  return <MessagePage title={texts.noAccountTitle}>{texts.noAccount}</MessagePage>;
}
