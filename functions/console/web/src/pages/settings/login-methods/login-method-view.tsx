import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { accountOptions } from "../../../api/account";
import {
  checkLoginMethod,
  deleteLoginMethod,
  type LoginMethod,
  type LoginMethodCheck,
  loginMethodOptions,
  loginMethodsOptions,
} from "../../../api/login-methods";
import { isProblem, type Tagged } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import type { ProviderOutcome } from "../../../fragment";
import { useTitle } from "../../../frame/title";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import {
  announce,
  Button,
  ConfirmDialog,
  Copy,
  Details,
  EmptyState,
  Icon,
  Notice,
  Page,
  PageHeading,
  ProblemView,
  Section,
  Skeleton,
  StrangersText,
  Time,
  toasts,
} from "../../../ui";
import { classes } from "../../../ui/classes";
import { EditLoginMethod } from "./edit-login-method";
import styles from "./login-methods.module.css";
import { Status } from "./login-methods-page";
import { ToList } from "./to-list";
import { TrialNotice, TrySignIn } from "./trial";

const route = getRouteApi("/a/$account/settings/login-methods");

/** One login method: how far its set-up is, its settings, and its end. */
export function LoginMethodView({ id, outcome }: { id: string; outcome: ProviderOutcome }) {
  const { data, error, refetch } = useQuery(loginMethodOptions(id));
  useTitle(data?.value.name);
  if (error && !data) {
    return (
      <Page isNarrow>
        <ToList />
        <PageHeading title={texts.title} />
        {isProblem(error, "not-found") ? (
          <EmptyState title={texts.gone} />
        ) : (
          <ProblemView error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  if (!data) {
    return (
      <Page isNarrow>
        <ToList />
        <PageHeading title={texts.title} />
        <Skeleton rows={4} />
      </Page>
    );
  }
  const method = data.value;
  return (
    <Page isNarrow>
      <ToList />
      <PageHeading actions={<Status method={method} />} title={<bdi>{method.name}</bdi>} />
      <TrialNotice name={method.name} outcome={outcome} />
      <Connection method={method} />
      <EditLoginMethod record={data} />
      <Section about={texts.fixedAbout} title={texts.fixed}>
        <Details items={fixedItems(method)} />
      </Section>
      <End record={data} />
    </Page>
  );
}

function fixedItems({ provider }: LoginMethod): (readonly [string, ReactNode])[] {
  const mono = (text: string | null | undefined) => <code>{text ?? ""}</code>;
  if (provider.kind === "open_id_connect") {
    return [
      [texts.columnKind, texts.openIdConnect],
      [texts.issuer, mono(provider.issuer)],
    ];
  }
  return [
    [texts.columnKind, texts.oauth2Full],
    [texts.authorizationUrl, mono(provider.authorization_url)],
    [texts.tokenUrl, mono(provider.token_url)],
    [texts.userInfoUrl, mono(provider.user_info_url)],
    [texts.identifierField, mono(provider.identifier_field)],
  ];
}

function Connection({ method }: { method: LoginMethod }) {
  const isOpenIdConnect = method.provider.kind === "open_id_connect";
  const isTried = Boolean(method.tried_at);
  return (
    <Section title={isTried ? texts.stepsDone : texts.steps}>
      <ol className={styles.steps}>
        <Step help={texts.stepRegisterHelp} isDone={isTried} number={1} title={texts.stepRegister}>
          <div className={styles.address}>
            <Copy text={method.redirect_uri} />
          </div>
        </Step>
        <Step
          help={isOpenIdConnect ? texts.stepCheckHelp : texts.stepCheckAddressesHelp}
          isDone={isTried}
          number={2}
          title={isOpenIdConnect ? texts.stepCheck : texts.stepCheckAddresses}
        >
          <Check method={method} />
        </Step>
        <Step help={texts.stepTryHelp} isDone={isTried} number={3} title={texts.stepTry}>
          {method.tried_at && (
            <p>
              {texts.tried} <Time as="full" at={method.tried_at} />.
            </p>
          )}
          <TrySignIn method={method} />
        </Step>
      </ol>
    </Section>
  );
}

function Step(props: { number: number; title: string; help: string; isDone: boolean; children: ReactNode }) {
  const { number, title, help, isDone, children } = props;
  return (
    <li className={styles.step}>
      <span aria-hidden="true" className={classes(styles.number, isDone && styles.done)}>
        {isDone ? <Icon name="check" size={14} /> : number}
      </span>
      <div className={styles.stepBody}>
        <h3>{title}</h3>
        <p className={styles.help}>{help}</p>
        {children}
      </div>
    </li>
  );
}

function Check({ method }: { method: LoginMethod }) {
  const isOpenIdConnect = method.provider.kind === "open_id_connect";
  const [isBusy, setBusy] = useState(false);
  const [found, setFound] = useState<LoginMethodCheck>();
  const [error, setError] = useState<unknown>();
  const good = (issuer: string | null | undefined) =>
    isOpenIdConnect ? texts.checkGood(issuer ?? "") : texts.checkGoodAddresses;
  const check = async () => {
    setBusy(true);
    setError(undefined);
    setFound(undefined);
    try {
      const result = await checkLoginMethod(method.id);
      setFound(result);
      announce(result.problem ? `${texts.checkBad} ${result.problem}` : good(result.issuer));
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button isBusy={isBusy} onClick={() => void check()}>
        {isOpenIdConnect ? texts.check : texts.checkAddresses}
      </Button>
      {found?.problem && (
        <Notice tone="bad">
          <p>
            <strong>{texts.checkBad}</strong>
          </p>
          <StrangersText>{found.problem}</StrangersText>
        </Notice>
      )}
      {found && !found.problem && (
        <Notice tone="good">
          <div className={styles.result}>
            <p>{good(found.issuer)}</p>
            {found.endpoints && <Details items={endpointItems(found.endpoints)} />}
          </div>
        </Notice>
      )}
      {error !== undefined && <ProblemView error={error} />}
    </>
  );
}

function endpointItems(endpoints: NonNullable<LoginMethodCheck["endpoints"]>) {
  return (
    [
      [texts.endpointAuthorization, endpoints.authorization],
      [texts.endpointToken, endpoints.token],
      [texts.endpointUserInfo, endpoints.user_info],
      [texts.endpointKeys, endpoints.keys],
    ] as const
  ).flatMap(([name, address]) => (address ? [[name, <code key={name}>{address}</code>] as const] : []));
}

function End({ record }: { record: Tagged<LoginMethod> }) {
  const { value: method, etag } = record;
  const navigate = route.useNavigate();
  const [isAsking, setAsking] = useState(false);
  const isSsoOnly = useQuery(accountOptions).data?.value.rules.sso_only ?? false;
  const count = useQuery(loginMethodsOptions).data?.items.length;
  const blocked = isSsoOnly && count === 1 ? texts.deleteLast : undefined;
  const end = async () => {
    await deleteLoginMethod(method.id, etag);
    await navigate({ search: {}, replace: true });
    queryClient.removeQueries({ queryKey: ["login-method", method.id] });
    await queryClient.invalidateQueries({ queryKey: ["login-methods"] });
    toasts.done(texts.deleted(method.name));
  };
  return (
    <>
      <Section
        about={blocked ?? texts.deleteAbout}
        actions={
          <Button blocked={blocked} changes icon="trash" onClick={() => setAsking(true)}>
            {texts.deleteAction}
          </Button>
        }
        title={texts.deleteAction}
      />
      <ConfirmDialog
        action={texts.deleteAction}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={end}
        title={texts.deleteTitle(method.name)}
      >
        {texts.deleteText(method.name)}
      </ConfirmDialog>
    </>
  );
}
