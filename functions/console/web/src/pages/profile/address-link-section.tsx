import { Link } from "@tanstack/react-router";
import { useState, useSyncExternalStore } from "react";
import { addressLink, loginOf } from "../../address-link";
import { useMe } from "../../api/me";
import { confirmAddress } from "../../api/own-login";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { ownLogin as texts } from "../../texts/en/own-login";
import { announce, Button, looks, Notice, ProblemView, Row, Section, toasts } from "../../ui";
import { withNames } from "../../ui/with-names";
import { useRefusal } from "../sign-in/use-refusal";

/** Problems after which a link is of no more use. */
const KINDS = ["token-not-valid", "address-taken"] as const;
type Kind = (typeof KINDS)[number];

/** Offers the new address whose mailed link is open in this tab: it counts once the person says so here. */
export function AddressLinkSection() {
  const { login, session } = useMe();
  const token = useSyncExternalStore(addressLink.subscribe, addressLink.token);
  const [refused, setRefused] = useState<Kind>();
  if (!token) return refused ? <Refused kind={refused} /> : null;

  const names = { email: login.email };
  const owner = loginOf(token);
  const isOthers = owner !== undefined && owner !== login.id;
  if (isOthers || session.method !== "password") {
    return (
      <Section title={texts.linkTitle}>
        <Notice tone="warn">
          <p>{withNames(isOthers ? texts.linkOther : texts.linkProvider, names)}</p>
        </Notice>
        <Row>
          <Link className={looks({ kind: "primary" })} search={{ return_to: "/console/profile" }} to="/sign-in">
            {texts.linkSignIn}
          </Link>
          <Button onClick={addressLink.end}>{texts.linkLater}</Button>
        </Row>
      </Section>
    );
  }
  return <NewAddress onRefused={setRefused} token={token} />;
}

function NewAddress({ token, onRefused }: { token: string; onRefused: (kind: Kind | undefined) => void }) {
  const { login } = useMe();
  const refusal = useRefusal();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const take = async () => {
    setBusy(true);
    setError(undefined);
    onRefused(undefined);
    refusal.clear();
    try {
      const email = await confirmAddress(token);
      addressLink.end();
      toasts.done(texts.taken(email));
      announce(texts.taken(email));
      document.getElementById("content")?.focus();
      await queryClient.invalidateQueries({ queryKey: ["sessions"] });
    } catch (failure) {
      setBusy(false);
      const kind = KINDS.find((known) => isProblem(failure, known));
      if (kind) {
        onRefused(kind);
        addressLink.end();
      } else if (!refusal.take(failure, {})) {
        setError(failure);
      }
    }
  };

  return (
    <Section about={withNames(texts.link, { email: login.email })} title={texts.linkTitle}>
      {refusal.view}
      {error !== undefined && <ProblemView error={error} />}
      <Row>
        <Button changes isBusy={isBusy} kind="primary" onClick={() => void take()}>
          {texts.linkTake}
        </Button>
        <Button onClick={addressLink.end}>{texts.linkLater}</Button>
      </Row>
    </Section>
  );
}

function Refused({ kind }: { kind: Kind }) {
  const isSpent = kind === "token-not-valid";
  return (
    <Notice tone="bad">
      <p>
        <strong>{isSpent ? texts.notValidTitle : texts.addressTakenTitle}</strong>
      </p>
      <p>{isSpent ? texts.notValid : texts.addressTaken}</p>
    </Notice>
  );
}
