import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import {
  deleteEnvironment,
  type Environment,
  type EnvironmentInUse,
  readEnvironmentsAgain,
  usesOf,
} from "../../api/environments";
import { useAccount } from "../../api/me";
import { formatNumber } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { common } from "../../texts/en/common";
import { environments as texts } from "../../texts/en/environments";
import { announce, Button, ConfirmDialog, Dialog, looks, Row, Stack, toasts } from "../../ui";
import styles from "./environments.module.css";
import { needsOf, remedyOf } from "./needs";

interface Props {
  environment: Environment | undefined;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks before an environment is deleted; one that is needed stays, and what needs it is named (U412). */
export function DeleteEnvironment({ environment, isOpen, onClose }: Props) {
  const project = useProjectId();
  const [uses, setUses] = useState<EnvironmentInUse>();
  useEffect(() => {
    if (isOpen) setUses(undefined);
  }, [isOpen]);
  const name = environment?.name ?? "";
  const remove = async () => {
    if (!environment) return;
    try {
      await deleteEnvironment(project, environment.id);
    } catch (error) {
      setUses(usesOf(error));
      throw error;
    }
    toasts.done(texts.deleted(name));
    announce(texts.deleted(name));
    await readEnvironmentsAgain(project);
  };
  return (
    <>
      <ConfirmDialog
        action={texts.deleteAction}
        isOpen={isOpen && !uses}
        onClose={onClose}
        onConfirm={remove}
        title={texts.deleteTitle(name)}
      >
        {texts.deleteText}
      </ConfirmDialog>
      <Dialog
        actions={<Button onClick={onClose}>{common.close}</Button>}
        isOpen={isOpen && uses !== undefined}
        onClose={onClose}
        size="small"
        title={texts.inUseTitle(name)}
      >
        {uses && environment && <Uses environment={environment.id} uses={uses} />}
      </Dialog>
    </>
  );
}

function Uses({ environment, uses }: { environment: string; uses: EnvironmentInUse }) {
  const account = useAccount().id;
  const project = useProjectId();
  const { leading_connectors: connectors, other_connectors, users, messages_wait, is_settling } = uses;
  const needs = needsOf(uses);
  const unnamed = users.count - users.some.length;
  const params = { account, project };
  return (
    <Stack gap={3}>
      {needs && (
        <p>
          <strong>{needs}.</strong> {remedyOf(uses)}
        </p>
      )}
      {messages_wait && <p>{texts.messagesWait}</p>}
      {is_settling && <p>{texts.settling}</p>}
      <ul className={styles.uses}>
        {connectors.map(({ id, name }) => (
          <li key={id}>
            <Link params={{ ...params, id }} to="/a/$account/p/$project/connectors/$id">
              <bdi>{name}</bdi>
            </Link>
          </li>
        ))}
        {other_connectors > 0 && <li>{texts.otherConnectors(other_connectors)}</li>}
        {users.some.map(({ id, display_name }) => (
          <li key={id}>
            <Link params={{ ...params, id }} to="/a/$account/p/$project/settings/users/$id">
              <bdi>{display_name}</bdi>
            </Link>
          </li>
        ))}
        {unnamed > 0 && <li>{texts.more(formatNumber(unnamed) + (users.more ? "+" : ""))}</li>}
      </ul>
      <Row>
        {connectors.length > 0 && (
          <Link
            className={looks({ small: true })}
            params={params}
            search={{ environment }}
            to="/a/$account/p/$project/connectors"
          >
            {texts.showConnectors}
          </Link>
        )}
        {users.count > 0 && (
          <Link
            className={looks({ small: true })}
            params={params}
            search={{ environment }}
            to="/a/$account/p/$project/settings/users"
          >
            {texts.showUsers}
          </Link>
        )}
      </Row>
    </Stack>
  );
}
