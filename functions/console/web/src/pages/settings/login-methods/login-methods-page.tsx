import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { accountOptions } from "../../../api/account";
import { type LoginMethod, loginMethodsOptions } from "../../../api/login-methods";
import { useAccount } from "../../../api/me";
import { readOutcome, useFragment } from "../../../fragment";
import { noteNavigation } from "../../../navigation";
import { common } from "../../../texts/en/common";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import { unread } from "../../../texts/en/unread";
import {
  Badge,
  Button,
  type Column,
  DataTable,
  looks,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  Row,
  Skeleton,
  Time,
  useChangeLink,
} from "../../../ui";
import record from "../record.module.css";
import type { Kind } from "./draft";
import { LoginMethodView } from "./login-method-view";
import { NewLoginMethod } from "./new-login-method";
import { TrialNotice } from "./trial";

const route = getRouteApi("/a/$account/settings/login-methods");
const METHODS_MAX = 10;

/** The list, one login method, or the form for a new one, as the address says. */
export function LoginMethodsPage() {
  const { open, create } = route.useSearch();
  // The way back from a trial leads here.
  const outcome = readOutcome(useFragment());
  // The views below are pages of their own to those who hear them.
  useEffect(noteNavigation, []);
  if (create) return <NewLoginMethod key={create} kind={create} />;
  if (open) return <LoginMethodView id={open} key={open} outcome={outcome} />;
  return <List outcome={outcome} />;
}

/** A row of the list: what there is, and what could be. */
type Entry =
  | { key: string; is: "password"; isOff: boolean }
  | { key: string; is: "method"; method: LoginMethod }
  | { key: string; is: "missing"; kind: Kind; isFull: boolean };

function List({ outcome }: { outcome: ReturnType<typeof readOutcome> }) {
  const navigate = route.useNavigate();
  const { data, error, isFetching, refetch } = useQuery(loginMethodsOptions);
  const account = useQuery(accountOptions);
  const methods = data?.items;
  const isFull = (methods?.length ?? 0) >= METHODS_MAX;
  const entries: Entry[] = [
    { key: "password", is: "password", isOff: account.data?.value.rules.sso_only ?? false },
    ...(methods ?? []).map((method): Entry => ({ key: method.id, is: "method", method })),
    ...(["open_id_connect", "oauth2"] as const)
      .filter((kind) => !methods?.some(({ provider }) => provider.kind === kind))
      .map((kind): Entry => ({ key: kind, is: "missing", kind, isFull })),
  ];
  return (
    <Page>
      <PageHeading
        about={texts.about}
        actions={
          <Button
            blocked={isFull ? texts.full : undefined}
            changes
            icon="plus"
            kind="primary"
            onClick={() => void navigate({ search: { create: "open_id_connect" } })}
          >
            {texts.add}
          </Button>
        }
        title={texts.title}
      />
      <TrialNotice outcome={outcome} />
      {error && !methods ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !methods || !account.isFetched ? (
        <Skeleton rows={3} />
      ) : (
        <>
          <PartProblem read={account} title={unread.account} />
          <DataTable
            caption={texts.caption}
            columns={columns}
            isBusy={isFetching}
            rowKey={({ key }) => key}
            rows={entries.filter(({ is }) => is !== "password" || account.data)}
          />
        </>
      )}
    </Page>
  );
}

function About({ children }: { children: string }) {
  return <span className={record.about}>{children}</span>;
}

function Name({ entry }: { entry: Entry }) {
  const account = useAccount().id;
  if (entry.is === "password") {
    return (
      <>
        {texts.password}
        <About>{entry.isOff ? texts.passwordOff : texts.passwordAbout}</About>
      </>
    );
  }
  if (entry.is === "missing") {
    return (
      <>
        {entry.kind === "oauth2" ? texts.oauth2 : texts.openIdConnect}
        <About>{entry.kind === "oauth2" ? texts.oauth2About : texts.openIdConnectAbout}</About>
      </>
    );
  }
  const { id, name, provider } = entry.method;
  return (
    <>
      <Link className={record.name} params={{ account }} search={{ open: id }} to="/a/$account/settings/login-methods">
        <bdi>{name}</bdi>
      </Link>
      <About>{placeOf(provider)}</About>
    </>
  );
}

/** The provider in one line. */
function placeOf(provider: LoginMethod["provider"]): string {
  if (provider.kind === "open_id_connect") return `${texts.openIdConnect} · ${provider.issuer ?? ""}`;
  return `${texts.oauth2} · ${URL.parse(provider.authorization_url ?? "")?.host ?? ""}`;
}

function Actions({ entry }: { entry: Entry }) {
  const account = useAccount().id;
  const change = useChangeLink();
  if (entry.is === "method") {
    return (
      <Link
        {...change}
        aria-label={`${common.edit} ${entry.method.name}`}
        className={looks({ small: true })}
        params={{ account }}
        search={{ open: entry.method.id }}
        to="/a/$account/settings/login-methods"
      >
        {common.edit}
      </Link>
    );
  }
  if (entry.is === "missing" && !entry.isFull) {
    const kind = entry.kind === "oauth2" ? texts.oauth2 : texts.openIdConnect;
    return (
      <Link
        {...change}
        aria-label={texts.setUpKind(kind)}
        className={looks({ small: true })}
        params={{ account }}
        search={{ create: entry.kind }}
        to="/a/$account/settings/login-methods"
      >
        {texts.setUpAction}
      </Link>
    );
  }
  return null;
}

export function Status({ method }: { method: LoginMethod }) {
  return (
    <Row>
      <Badge tone="good">{texts.setUp}</Badge>
      {!method.tried_at && <Badge tone="warn">{texts.notTried}</Badge>}
    </Row>
  );
}

const columns: Column<Entry>[] = [
  { key: "name", title: texts.column, isHeader: true, width: "50%", cell: (entry) => <Name entry={entry} /> },
  {
    key: "status",
    title: texts.columnStatus,
    cell: (entry) =>
      entry.is === "method" ? (
        <Status method={entry.method} />
      ) : entry.is === "missing" ? (
        <Badge>{texts.notSetUp}</Badge>
      ) : entry.isOff ? (
        <Badge>{texts.switchedOff}</Badge>
      ) : (
        <Badge tone="good">{texts.setUp}</Badge>
      ),
  },
  {
    key: "tried",
    title: texts.columnTried,
    cell: (entry) =>
      entry.is !== "method" ? "–" : entry.method.tried_at ? <Time at={entry.method.tried_at} /> : texts.never,
  },
  {
    key: "actions",
    title: common.actions,
    align: "end",
    isUnlabelled: true,
    cell: (entry) => <Actions entry={entry} />,
  },
];
