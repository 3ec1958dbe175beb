import { Link, Outlet, useMatches } from "@tanstack/react-router";
import { currentAccount } from "../api/client";
import { useMe } from "../api/me";
import { frame } from "../texts/en/frame";
import { looks } from "../ui/button";
import { Frame } from "./frame";
import { MessagePage } from "./pages";

/** The frame of an account's pages, with what stands for a page that this person may not see. */
export function AccountLayout() {
  return (
    <Frame>
      <Gate />
    </Frame>
  );
}

function Gate() {
  const me = useMe();
  const needed = useMatches().at(-1)?.staticData.permission;
  if (!me.account) return <ClosedAccount />;
  if (needed && !me.account.permissions.includes(needed)) {
    return <MessagePage title={frame.noPermissionTitle}>{frame.noPermission(needed)}</MessagePage>;
  }
  return <Outlet />;
}

/** An account that the session does not open, and what would. */
function ClosedAccount() {
  const { accounts, session } = useMe();
  const id = currentAccount() ?? "";
  const place = accounts.find((account) => account.id === id);
  if (!place) return <MessagePage title={frame.noAccountTitle}>{frame.noAccount}</MessagePage>;
  const again = (
    <Link
      className={looks({ kind: "primary" })}
      params={{ account: id }}
      search={{ return_to: location.pathname }}
      to="/sign-in/$account"
    >
      {frame.signInAgain}
    </Link>
  );
  if (session.missing.includes("factor_set_up")) {
    const setUp = (
      <Link className={looks({ kind: "primary" })} search={{ tab: "security" }} to="/profile">
        {frame.setUpFactor}
      </Link>
    );
    return (
      <MessagePage action={setUp} title={frame.factorTitle}>
        {frame.factorSetUp}
      </MessagePage>
    );
  }
  if (session.missing.includes("factor")) {
    return (
      <MessagePage action={again} title={frame.factorTitle}>
        {frame.factor}
      </MessagePage>
    );
  }
  if (session.missing.includes("provider")) {
    return (
      <MessagePage action={again} title={frame.providerTitle}>
        {frame.provider}
      </MessagePage>
    );
  }
  if (session.missing.includes("own_sign_in")) {
    return (
      <MessagePage action={again} title={frame.ownSignInTitle}>
        {frame.ownSignIn}
      </MessagePage>
    );
  }
  return <MessagePage title={frame.noAccountTitle}>{frame.noAccount}</MessagePage>;
}
