import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type DragEvent, useState } from "react";
import {
  createEnvironment,
  type Environment,
  environmentsOptions,
  readEnvironmentsAgain,
  reorderEnvironments,
} from "../../api/environments";
import { useAccount, useMay } from "../../api/me";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { formatCount } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { environments as texts } from "../../texts/en/environments";
import {
  announce,
  Button,
  EmptyState,
  EnvironmentBadge,
  errorText,
  FormDialog,
  Icon,
  IconButton,
  looks,
  Page,
  PageHeading,
  ProblemView,
  Skeleton,
  TextField,
  toasts,
  useForm,
} from "../../ui";
import { classes } from "../../ui/classes";
import { useIsOnline } from "../../ui/online";
import { useOnOpen } from "../../ui/use-on-open";
import { DeleteEnvironment } from "./delete-environment";
import styles from "./environments.module.css";
import { HealthBadge } from "./health";
import { moved } from "./order";
import { RenameForm } from "./rename-form";

const route = getRouteApi("/a/$account/p/$project/settings/environments");

/** The environments of a project in their order (U412). */
export function EnvironmentsPage() {
  const { create } = route.useSearch();
  const navigate = route.useNavigate();
  const project = useProjectId();
  const mayWrite = useMay()("projects.write");
  const { data, error, refetch } = useQuery(environmentsOptions(project));
  const open = (isOpen: boolean) => void navigate({ search: { create: isOpen || undefined } });
  const add = mayWrite && (
    <Button changes kind="primary" onClick={() => open(true)}>
      {texts.create}
    </Button>
  );
  return (
    <Page>
      <PageHeading about={texts.about} actions={add} title={texts.title} />
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={3} />
      ) : data.length === 0 ? (
        <EmptyState title={texts.empty}>{texts.emptyText}</EmptyState>
      ) : (
        <OrderedList environments={data} mayWrite={mayWrite} />
      )}
      <CreateDialog isOpen={Boolean(create) && mayWrite} onClose={() => open(false)} />
    </Page>
  );
}

function OrderedList({ environments, mayWrite }: { environments: readonly Environment[]; mayWrite: boolean }) {
  const project = useProjectId();
  const isOnline = useIsOnline();
  const [dragged, setDragged] = useState<number>();
  const [over, setOver] = useState<number>();
  const [deleting, setDeleting] = useState<Environment>();
  const [isDeleting, setIsDeleting] = useState(false);

  const move = async (from: number, to: number) => {
    const environment = environments[from];
    if (!environment || from === to || to < 0 || to >= environments.length) return;
    const { queryKey } = environmentsOptions(project);
    const next = moved(environments, from, to);
    // Optimistic: nobody is let in or shut out by it (U130).
    queryClient.setQueryData(queryKey, next);
    announce(texts.moved(environment.name, to + 1, environments.length));
    try {
      await reorderEnvironments(
        project,
        next.map(({ id }) => id),
      );
    } catch (error) {
      queryClient.setQueryData(queryKey, [...environments]);
      toasts.failed(errorText(error));
    }
    await readEnvironmentsAgain(project);
  };

  const dragging = (place: number) => ({
    onDragOver: (event: DragEvent) => {
      if (dragged === undefined) return;
      event.preventDefault();
      setOver(place);
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      if (dragged !== undefined) void move(dragged, place);
      setDragged(undefined);
      setOver(undefined);
    },
  });

  return (
    <>
      <ol aria-label={texts.listLabel} className={styles.list}>
        {environments.map((environment, place) => (
          <li
            className={classes(styles.item, over === place && dragged !== place && styles.isOver)}
            key={environment.id}
            {...dragging(place)}
          >
            {mayWrite && (
              <span
                aria-hidden="true"
                className={styles.grip}
                data-no-print
                draggable={isOnline}
                onDragEnd={() => {
                  setDragged(undefined);
                  setOver(undefined);
                }}
                onDragStart={(event) => {
                  event.dataTransfer.effectAllowed = "move";
                  event.dataTransfer.setData("text/plain", environment.name);
                  setDragged(place);
                }}
                title={texts.grip(environment.name)}
              >
                <Icon name="grip" />
              </span>
            )}
            <Item
              environment={environment}
              isFirst={place === 0}
              isLast={place === environments.length - 1}
              mayWrite={mayWrite}
              onDelete={() => {
                setDeleting(environment);
                setIsDeleting(true);
              }}
              onMove={(by) => void move(place, place + by)}
            />
          </li>
        ))}
      </ol>
      <DeleteEnvironment environment={deleting} isOpen={isDeleting} onClose={() => setIsDeleting(false)} />
    </>
  );
}

interface ItemProps {
  environment: Environment;
  isFirst: boolean;
  isLast: boolean;
  mayWrite: boolean;
  onMove: (by: 1 | -1) => void;
  onDelete: () => void;
}

function Item({ environment, isFirst, isLast, mayWrite, onMove, onDelete }: ItemProps) {
  const account = useAccount().id;
  const project = useProjectId();
  const [isRenaming, setRenaming] = useState(false);
  const { id, name, agent, connector_count, user_count } = environment;
  if (isRenaming) return <RenameForm environment={environment} onClose={() => setRenaming(false)} />;
  return (
    <>
      <div className={styles.words}>
        <span className={styles.nameLine}>
          <Link
            className={classes(styles.name, "target")}
            params={{ account, project, id }}
            to="/a/$account/p/$project/settings/environments/$id"
          >
            <EnvironmentBadge name={name} />
          </Link>
          {agent && <HealthBadge health={agent.health} />}
        </span>
        <span className={styles.soft}>{agent ? <bdi>{agent.endpoint}</bdi> : texts.noAgent}</span>
        <span className={styles.counts}>
          {connector_count !== undefined && (
            <Link
              className="target"
              params={{ account, project }}
              search={{ environment: id }}
              to="/a/$account/p/$project/connectors"
            >
              {texts.connectors(connector_count)}
            </Link>
          )}
          {user_count && (
            <Link
              className="target"
              params={{ account, project }}
              search={{ environment: id }}
              to="/a/$account/p/$project/settings/users"
            >
              {texts.users(formatCount(user_count), user_count.count === 1 && !user_count.more)}
            </Link>
          )}
        </span>
      </div>
      {mayWrite && (
        <div className={styles.actions}>
          <Link
            aria-label={texts.agentOf(name)}
            className={looks({ small: true })}
            params={{ account, project, id }}
            to="/a/$account/p/$project/settings/environments/$id"
          >
            {texts.agent}
          </Link>
          {/* Both stay, so that the focus does. */}
          <IconButton
            blocked={isFirst ? texts.isFirst : undefined}
            changes
            icon="up"
            label={texts.moveUpOf(name)}
            onClick={() => onMove(-1)}
          />
          <IconButton
            blocked={isLast ? texts.isLast : undefined}
            changes
            icon="down"
            label={texts.moveDownOf(name)}
            onClick={() => onMove(1)}
          />
          <IconButton changes icon="edit" label={texts.renameOf(name)} onClick={() => setRenaming(true)} />
          <IconButton changes icon="trash" kind="danger" label={texts.deleteOf(name)} onClick={onDelete} />
        </div>
      )}
    </>
  );
}

function CreateDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const project = useProjectId();
  const form = useForm<{ name: string }, Environment>({
    initial: { name: "" },
    labels: { name: texts.name },
    rules: { name: (name) => (name.trim() ? undefined : texts.nameRequired) },
    send: ({ name }, idempotencyKey) => createEnvironment(project, name.trim(), idempotencyKey),
    onDone: ({ name }) => {
      toasts.done(texts.created(name));
      announce(texts.created(name));
      void readEnvironmentsAgain(project);
      onClose();
    },
    onFailure: (error) => {
      if (!isProblem(error, "name-taken")) return false;
      form.complain("name", texts.nameTaken);
      return true;
    },
  });
  useOnOpen(isOpen, () => form.restart());
  return (
    <FormDialog
      form={form}
      isOpen={isOpen}
      onClose={onClose}
      size="small"
      submit={texts.createAction}
      title={texts.create}
    >
      <TextField {...form.text("name")} autoComplete="off" autoFocus dir="auto" label={texts.name} maxLength={100} />
    </FormDialog>
  );
}
