import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { allClientsOptions } from "../../../api/clients";
import { type Permission, useAccount, useMay, useMe } from "../../../api/me";
import { permissionsOptions, type Role, rolesOptions } from "../../../api/roles";
import { permissionTexts } from "../../../texts/en/permissions";
import { unread } from "../../../texts/en/unread";
import { users as texts } from "../../../texts/en/users";
import {
  Checkbox,
  FieldGroup,
  Icon,
  PartProblem,
  RadioGroup,
  Select,
  Skeleton,
  Stack,
  useIsFirstRead,
} from "../../../ui";
import { labelsOf } from "../permissions/areas";
import { PermissionPicker } from "../permissions/permission-picker";
import { mayGive, useStanding } from "../permissions/standing";
import type { Access } from "./invitation-body";
import styles from "./users.module.css";

interface RoleProps {
  value: string;
  onChange: (role: string) => void;
  onBlur?: () => void;
  error?: string | undefined;
  /** Nobody needs one. */
  isOptional?: boolean;
  /** It may be taken away. */
  mayBeNone?: boolean;
  isReadOnly?: boolean;
}

/** The role of a person, with what it is for. Roles that hold more than the person who chooses cannot be given. */
export function RoleField({
  value,
  onChange,
  onBlur,
  error,
  isOptional,
  mayBeNone = isOptional,
  isReadOnly,
}: RoleProps) {
  const read = useQuery(rolesOptions);
  const roles = read.data?.items ?? [];
  const standing = useStanding();
  const options = roles.map((role) => ({
    value: role.key,
    label: mayGive(standing, role) ? role.name : `${role.name} ${permissionTexts.moreThanYou}`,
    isDisabled: role.key !== value && !mayGive(standing, role),
  }));
  const chosen = roles.find(({ key }) => key === value);
  return (
    <Stack gap={2}>
      <Select
        disabled={isReadOnly}
        error={error}
        help={chosen ? aboutRole(chosen) : mayBeNone ? texts.withoutRoleHelp : undefined}
        label={texts.role}
        name="role"
        onBlur={onBlur}
        onChange={onChange}
        optional={isOptional}
        options={[{ value: "", label: mayBeNone ? texts.withoutRole : texts.chooseRole }, ...options]}
        value={value}
      />
      <PartProblem read={read} title={unread.roles} />
    </Stack>
  );
}

/** The purpose of a role, in its own words or ours. */
export function aboutRole(role: Role): string {
  const known = Object.entries(texts.roleAbout).find(([key]) => role.built_in && key === role.key)?.[1];
  return role.description ?? known ?? texts.roleHolds(role.permissions.length);
}

interface ExtraProps {
  value: readonly Permission[];
  onChange: (value: Permission[]) => void;
  role: string;
  error?: string | undefined;
  isOpen?: boolean;
  isReadOnly?: boolean;
}

/** Permissions beside the role. Those of the role are shown as held, so that all effective ones are in sight. */
export function ExtraPermissions({ value, onChange, role, error, isOpen, isReadOnly }: ExtraProps) {
  const permissions = useQuery(permissionsOptions);
  const roles = useQuery(rolesOptions);
  const isFirstOfPermissions = useIsFirstRead(permissions);
  const isFirstOfRoles = useIsFirstRead(roles);
  const standing = useStanding();
  const catalogue = permissions.data?.items;
  if (!catalogue || !roles.data) {
    // That the roles cannot be read stands at the choice of one.
    return (
      <>
        {(isFirstOfPermissions || isFirstOfRoles) && <Skeleton height={40} rows={1} />}
        <PartProblem read={permissions} title={unread.permissions} />
      </>
    );
  }
  const ofRole = roles.data.items.find(({ key }) => key === role)?.permissions ?? [];
  const chosen = labelsOf(value, catalogue);
  const held = new Set([...ofRole, ...value]).size;
  return (
    <details className={styles.disclosure} open={isOpen || error !== undefined}>
      <summary>
        <Icon name="chevronRight" />
        <span>
          {texts.extra} <span className={styles.soft}>{summary(chosen)}</span>
        </span>
      </summary>
      <FieldGroup
        error={error}
        help={isReadOnly ? undefined : texts.extraHelp}
        label={texts.effective(held, catalogue.length)}
      >
        <PermissionPicker
          catalogue={catalogue}
          isReadOnly={isReadOnly}
          name="extra"
          ofRole={ofRole}
          onChange={onChange}
          standing={standing}
          value={value}
        />
      </FieldGroup>
    </details>
  );
}

const NAMED = 2;

/** “View chat users, Block chat users and 3 more” */
function summary(labels: readonly string[]): string {
  if (labels.length === 0) return texts.extraNone;
  const named = labels.slice(0, NAMED).join(", ");
  return labels.length > NAMED ? `${named} ${permissionTexts.more(labels.length - NAMED)}` : named;
}

interface ClientsProps {
  access: Access;
  clients: readonly string[];
  onAccess: (access: Access) => void;
  onClients: (clients: string[]) => void;
  error?: string | undefined;
  isReadOnly?: boolean;
}

/** The clients whose records a person may touch: all, or some. Nobody gives more than they have. */
export function ClientAccess({ access, clients, onAccess, onClients, error, isReadOnly = false }: ClientsProps) {
  const known = useQuery(allClientsOptions);
  const isFirstRead = useIsFirstRead(known);
  const hasAll = useMe().account?.clients === "all";
  const choose = (id: string, isChosen: boolean) =>
    onClients((isChosen ? [...clients, id] : clients.filter((other) => other !== id)).sort());
  return (
    <div className={styles.choice}>
      <RadioGroup
        error={error}
        help={texts.clientAccessHelp}
        label={texts.clientAccess}
        name="access"
        onChange={(next) => onAccess(next === "all" ? "all" : "some")}
        options={[
          {
            value: "all",
            label: texts.everyClient,
            isDisabled: isReadOnly || !hasAll,
            help: hasAll || isReadOnly ? undefined : texts.notAllYours,
          },
          { value: "some", label: texts.onlySome, isDisabled: isReadOnly },
        ]}
        value={access === "all" ? "all" : "some"}
      />
      {access === "some" && (
        <fieldset className={styles.indented}>
          <legend className="visually-hidden">{texts.onlySome}</legend>
          {isFirstRead && <Skeleton height={32} rows={2} />}
          <PartProblem read={known} title={unread.clients} />
          {known.data?.map(({ id, name }) => (
            <Checkbox
              blocked={isReadOnly ? "" : undefined}
              isSelected={clients.includes(id)}
              key={id}
              label={<bdi>{name}</bdi>}
              name="clients"
              onChange={(isChosen) => choose(id, isChosen)}
            />
          ))}
          {known.data?.length === 0 && <p className={styles.soft}>{texts.noClientsYet}</p>}
        </fieldset>
      )}
    </div>
  );
}

/** Whether the person may read the clients, among which access is chosen. */
export function useMayChooseClients(): boolean {
  return useMay()("projects.read");
}

/** A way to the login methods, for who may set them up. */
export function MoreMethods({ onLeave }: { onLeave: () => void }) {
  const account = useAccount();
  return (
    <Link onClick={onLeave} params={{ account: account.id }} to="/a/$account/settings/login-methods">
      {texts.setUpMore}
    </Link>
  );
}
