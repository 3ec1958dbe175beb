import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { currentAccount } from "../../api/client";
import { type Me, useMe } from "../../api/me";
import { common } from "../../texts/en/common";
import { frame } from "../../texts/en/frame";
import { ownLogin } from "../../texts/en/own-login";
import { profile as texts } from "../../texts/en/profile";
import { Badge, Button, type Column, DataTable, EmptyState, Row, Section } from "../../ui";
import { LeaveAccount } from "./leave-account";
import styles from "./profile.module.css";

type Account = Me["accounts"][number];

const columns: Column<Account>[] = [
  {
    key: "name",
    title: texts.account,
    isHeader: true,
    width: "40%",
    cell: ({ id, name }) => (
      <Row>
        <Link className="target" params={{ account: id }} to="/a/$account">
          <bdi>{name}</bdi>
        </Link>
        {id === currentAccount() && <Badge tone="blue">{texts.current}</Badge>}
      </Row>
    ),
  },
  { key: "role", title: texts.role, cell: ({ role }) => <bdi>{role?.name ?? texts.noRole}</bdi> },
  {
    key: "access",
    title: texts.access,
    cell: ({ status, opens }) => {
      if (status === "suspended") return <Badge tone="warn">{texts.suspended}</Badge>;
      return opens ? <Badge tone="good">{texts.opens}</Badge> : <Badge tone="warn">{texts.closed}</Badge>;
    },
  },
];

/** The accounts of the person, with the role in each and the way out. */
export function AccountsList() {
  const { accounts } = useMe();
  const [leaving, setLeaving] = useState<Account>();
  const [isAsking, setAsking] = useState(false);
  const actions: Column<Account> = {
    key: "actions",
    title: common.actions,
    isUnlabelled: true,
    align: "end",
    cell: (account) => (
      <Button
        aria-label={ownLogin.leaveOf(account.name)}
        changes
        onClick={() => {
          setLeaving(account);
          setAsking(true);
        }}
        small
      >
        {ownLogin.leave}
      </Button>
    ),
  };
  if (accounts.length === 0) {
    return (
      <Section>
        <EmptyState title={frame.noAccountsTitle}>{frame.noAccounts}</EmptyState>
      </Section>
    );
  }
  return (
    <section aria-labelledby="accounts" className={styles.list}>
      <div>
        <h2 id="accounts">{texts.accounts}</h2>
        <p className={styles.soft}>{texts.accountsAbout}</p>
      </div>
      <DataTable caption={texts.accounts} columns={[...columns, actions]} rowKey={({ id }) => id} rows={accounts} />
      <LeaveAccount account={leaving} isOpen={isAsking} onClose={() => setAsking(false)} />
    </section>
  );
}
