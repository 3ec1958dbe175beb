import { Link } from "@tanstack/react-router";
import { currentAccount } from "../api/client";
import { useMe } from "../api/me";
import { closedAccount as texts } from "../texts/en/closed-account";
import { frame } from "../texts/en/frame";
import { Button, looks } from "../ui/button";
import { Row, Section, Stack } from "../ui/layout";
import { leave } from "./leave";
import { MessagePage } from "./pages";

/** An account that the session does not open, and what would. */
export function ClosedAccount() {
  const { accounts, session } = useMe();
  const id = currentAccount() ?? "";
  const place = accounts.find((account) => account.id === id);
  if (!place) return <ForeignAccount />;
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
  return <ForeignAccount />;
}

/** An account that the person is no member of, with the ways out of it. */
function ForeignAccount() {
  const { accounts, login } = useMe();
  const current = currentAccount();
  const others = accounts.filter(({ id }) => id !== current);
  const here = encodeURIComponent(location.pathname + location.search);
  const actions = (
    <Stack gap={5}>
      {others.length > 0 && (
        <Section title={texts.yourAccounts}>
          <Row>
            {others.map(({ id, name }) => (
              <Link className={looks({})} key={id} params={{ account: id }} to="/a/$account">
                <bdi>{name}</bdi>
              </Link>
            ))}
          </Row>
        </Section>
      )}
      <Stack gap={2}>
        <p>{texts.signedInAs(login.email)}</p>
        <Row>
          <Button changes onClick={() => void leave(`/console/sign-in?return_to=${here}`)}>
            {texts.signInAsOther}
          </Button>
          <Button changes kind="quiet" onClick={() => void leave()}>
            {frame.signOut}
          </Button>
        </Row>
      </Stack>
    </Stack>
  );
  return (
    <MessagePage action={actions} title={texts.noAccountTitle}>
      {texts.noAccount}
    </MessagePage>
  );
}
