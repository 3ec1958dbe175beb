import { useRef, useState } from "react";
import { meOptions, useMe } from "../../api/me";
import { beginFactor, confirmFactor, removeFactor, renewRecoveryCodes } from "../../api/own-security";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { profile as texts } from "../../texts/en/profile";
import { Badge, Button, errorText, Row, Section, toasts } from "../../ui";
import { CodeDialog } from "./code-dialog";
import { PasswordDialog } from "./password-dialog";
import { RecoveryCodes } from "./recovery-codes";
import { type BegunFactor, SetUpDialog } from "./set-up-dialog";

/** The second factor of the login. */
export function FactorSection() {
  const { login } = useMe();
  const [begun, setBegun] = useState<BegunFactor>();
  const [asks, setAsks] = useState<"prove" | "set-up" | "renew" | "remove">();
  const [codes, setCodes] = useState<readonly string[]>();
  const place = useRef<HTMLDivElement>(null);
  const close = () => setAsks(undefined);

  const readAgain = () => queryClient.fetchQuery({ ...meOptions, staleTime: 0 });

  const began = (next: BegunFactor) => {
    setBegun(next);
    setAsks("set-up");
  };

  const notBegun = (error: unknown): boolean => {
    if (!isProblem(error, "factor-already-set")) return false;
    close();
    toasts.failed(errorText(error));
    void readAgain().catch(() => {});
    return true;
  };

  const show = async (next: readonly string[]) => {
    close();
    setCodes(next);
    // The codes come first: they are shown this once.
    await readAgain().catch(() => {});
  };

  const removed = async () => {
    close();
    toasts.done(texts.factorRemoved);
    await readAgain().catch(() => {});
    place.current?.focus();
  };

  return (
    <Section
      about={texts.factorAbout}
      actions={<Badge tone={login.factor ? "good" : "grey"}>{login.factor ? texts.on : texts.off}</Badge>}
      title={texts.factor}
    >
      <div ref={place} tabIndex={-1}>
        {login.factor ? (
          <Row>
            <Button changes onClick={() => setAsks("renew")}>
              {texts.renew}
            </Button>
            <Button changes onClick={() => setAsks("remove")}>
              {texts.remove}
            </Button>
          </Row>
        ) : (
          <Button changes kind="primary" onClick={() => setAsks("prove")}>
            {texts.setUp}
          </Button>
        )}
      </div>
      <PasswordDialog
        email={login.email}
        isOpen={asks === "prove"}
        onClose={close}
        onDone={began}
        onFailure={notBegun}
        send={beginFactor}
      />
      <SetUpDialog
        begun={begun}
        isOpen={asks === "set-up"}
        onClose={close}
        onDone={(next) => {
          toasts.done(texts.factorOn);
          void show(next);
        }}
        send={confirmFactor}
      />
      <CodeDialog
        action={texts.renewAction}
        isOpen={asks === "renew"}
        onClose={close}
        onDone={(next) => void show(next)}
        send={renewRecoveryCodes}
        title={texts.renew}
      >
        {texts.renewAbout}
      </CodeDialog>
      <CodeDialog
        action={texts.removeAction}
        isOpen={asks === "remove"}
        kind="danger"
        onClose={close}
        onDone={() => void removed()}
        send={removeFactor}
        title={texts.removeTitle}
      >
        {texts.removeAbout}
      </CodeDialog>
      <RecoveryCodes
        codes={codes ?? []}
        email={login.email}
        isOpen={codes !== undefined}
        onStored={() => {
          setCodes(undefined);
          place.current?.focus();
        }}
      />
    </Section>
  );
}
