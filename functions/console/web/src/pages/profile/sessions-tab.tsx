import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { endOtherSessions, endSession, type Session, sessionsOptions } from "../../api/own-security";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { common } from "../../texts/en/common";
import { profile as texts } from "../../texts/en/profile";
import {
  announce,
  Badge,
  Button,
  type Column,
  ConfirmDialog,
  DataTable,
  errorText,
  Icon,
  ProblemView,
  Row,
  Skeleton,
  Time,
  toasts,
} from "../../ui";
import { isHandheld, readDevice } from "./device";
import styles from "./profile.module.css";

function nameOf({ device }: Session): string {
  const { browser, system } = readDevice(device);
  if (browser && system) return texts.onSystem(browser, system);
  return browser ?? system ?? texts.unknownDevice;
}

const columns: Column<Session>[] = [
  {
    key: "device",
    title: texts.device,
    isHeader: true,
    cell: (session) => (
      <span className={styles.device} title={session.device}>
        <Icon name={isHandheld(readDevice(session.device).system) ? "phone" : "desktop"} />
        {nameOf(session)}
        {session.current && <Badge tone="good">{texts.thisOne}</Badge>}
      </span>
    ),
  },
  { key: "address", title: texts.address, cell: ({ address }) => <code>{address}</code> },
  {
    key: "way",
    title: texts.way,
    cell: ({ method }) => (method === "password" ? texts.byPassword : texts.byProvider),
  },
  { key: "since", title: texts.since, cell: ({ created_at }) => <Time as="full" at={created_at} /> },
  { key: "active", title: texts.lastActive, cell: ({ last_active_at }) => <Time at={last_active_at} /> },
  {
    key: "actions",
    title: common.actions,
    isUnlabelled: true,
    align: "end",
    cell: (session) => !session.current && <SignOut session={session} />,
  },
];

/** Where the person is signed in. */
export function SessionsTab() {
  const { data, error, isFetching, refetch } = useQuery(sessionsOptions);
  const [isAsking, setAsking] = useState(false);
  if (!data) return error ? <ProblemView error={error} retry={() => void refetch()} /> : <Skeleton rows={3} />;
  // This one first, then those that were active last.
  const items = [...data.items].sort(
    (one, other) =>
      Number(other.current) - Number(one.current) || other.last_active_at.localeCompare(one.last_active_at),
  );
  const others = items.filter(({ current }) => !current).length;
  const endOthers = async () => {
    await endOtherSessions();
    await queryClient.invalidateQueries({ queryKey: sessionsOptions.queryKey });
    toasts.done(texts.othersSignedOut);
  };
  return (
    <section aria-labelledby="sessions" className={styles.list}>
      <Row align="between">
        <div>
          <h2 id="sessions">{texts.sessions}</h2>
          <p className={styles.soft}>{texts.sessionsAbout}</p>
        </div>
        {others > 0 && (
          <Button changes onClick={() => setAsking(true)}>
            {texts.signOutOthers}
          </Button>
        )}
      </Row>
      <DataTable caption={texts.sessions} columns={columns} isBusy={isFetching} rowKey={({ id }) => id} rows={items} />
      <ConfirmDialog
        action={texts.signOutOthers}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={endOthers}
        title={texts.signOutOthersTitle}
      >
        {texts.signOutOthersAbout(others)}
      </ConfirmDialog>
    </section>
  );
}

function SignOut({ session }: { session: Session }) {
  const [isBusy, setBusy] = useState(false);
  const name = nameOf(session);
  const end = async () => {
    setBusy(true);
    try {
      await endSession(session.id);
    } catch (error) {
      // One that is gone is what was wanted.
      if (!isProblem(error, "not-found")) {
        toasts.failed(errorText(error));
        setBusy(false);
        return;
      }
    }
    announce(texts.signedOut(name));
    await queryClient.invalidateQueries({ queryKey: sessionsOptions.queryKey });
    document.getElementById("content")?.focus();
  };
  return (
    <Button aria-label={texts.signOutOf(name)} changes isBusy={isBusy} onClick={() => void end()} small>
      {texts.signOut}
    </Button>
  );
}
