import { useRef } from "react";
import { useMay } from "../../../api/me";
import { isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { createRole, type PermissionDetails, type Role, roleOptions, updateRole } from "../../../api/roles";
import { formatList } from "../../../format";
import { roleTexts as texts } from "../../../texts/en/roles";
import {
  announce,
  Button,
  ConflictDialog,
  Dialog,
  FieldGroup,
  FormDialog,
  Notice,
  Stack,
  TextArea,
  TextField,
  toasts,
} from "../../../ui";
import { labelsOf } from "../permissions/areas";
import { PermissionPicker } from "../permissions/permission-picker";
import { mayGive, useStanding } from "../permissions/standing";
import { useRecordDialog } from "../use-record-form";
import { aboutRole } from "../users/fields";
import { bodyOf, changeOf, conflictsOf, NEW, type RoleValues, valuesOf } from "./role-body";

const NAME_MAX = 100;
const DESCRIPTION_MAX = 200;

interface Props {
  isOpen: boolean;
  onClose: () => void;
  /** The role to show or change; undefined to make one. */
  role: Role | undefined;
  /** Number of members who hold it. */
  holders: number;
  catalogue: readonly PermissionDetails[];
}

/** One role: read-only if it is built in or holds more than the person who looks, else a form. */
export function RoleDialog(props: Props) {
  const { isOpen, onClose, catalogue } = props;
  const mayManage = useMay()("roles.manage");
  const standing = useStanding();
  // The last record stays in sight while the dialog closes.
  const shown = useRef(props.role);
  if (isOpen) shown.current = props.role;
  const role = shown.current;
  const reason = !role
    ? undefined
    : role.built_in
      ? texts.builtInAbout
      : !mayManage
        ? texts.noRight
        : mayGive(standing, role)
          ? undefined
          : texts.moreThanYou;
  return (
    <>
      <RoleForm {...props} isOpen={isOpen && reason === undefined} key={role?.key ?? "new"} role={role} />
      <Dialog
        actions={<Button onClick={onClose}>{texts.close}</Button>}
        isOpen={isOpen && reason !== undefined}
        onClose={onClose}
        size="large"
        title={role?.name ?? ""}
      >
        {role && (
          <Stack>
            <p dir="auto">{aboutRole(role)}</p>
            <Notice>
              <p>{reason}</p>
            </Notice>
            <PermissionPicker
              catalogue={catalogue}
              isReadOnly
              name="permissions"
              onChange={() => {}}
              standing={standing}
              value={role.permissions}
            />
          </Stack>
        )}
      </Dialog>
    </>
  );
}

function RoleForm({ isOpen, onClose, role, holders, catalogue }: Props) {
  const standing = useStanding();
  const labels = { name: texts.name, description: texts.description, permissions: texts.permissions };
  const list = (keys: readonly string[]) => formatList(labelsOf(keys, catalogue));
  const id = role?.key ?? "";
  const { form, conflict } = useRecordDialog<Role, RoleValues>({
    isOpen,
    onClose,
    item: role,
    target: `role:${id}`,
    blank: NEW,
    valuesOf,
    read: () => queryClient.fetchQuery({ ...roleOptions(id), staleTime: 0 }),
    create: (values, key) => createRole(bodyOf(values), key),
    update: (values, { value, etag }) => updateRole(id, changeOf(valuesOf(value), values), etag),
    differences: (mine, theirs) => conflictsOf(mine, theirs, labels, list),
    labels,
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > NAME_MAX ? texts.nameTooLong : undefined),
      description: (text) => (text.trim().length > DESCRIPTION_MAX ? texts.descriptionTooLong : undefined),
      permissions: (chosen) => (chosen.length === 0 ? texts.permissionsRule : undefined),
    },
    onDone: ({ name }) => {
      const words = role ? texts.saved(name) : texts.created(name);
      void queryClient.invalidateQueries({ queryKey: ["roles"] });
      if (role) {
        for (const key of ["role", "members", "member", "me"]) void queryClient.invalidateQueries({ queryKey: [key] });
      }
      toasts.done(words);
      announce(words);
    },
    onFailure: (error) => {
      if (isProblem(error, "name-taken")) {
        form.complain("name", texts.nameTaken);
        return true;
      }
      if (isProblem(error, "permissions-not-held") && error.body.permissions?.length) {
        form.complain("permissions", texts.notHeldByYou(list(error.body.permissions)));
        return true;
      }
      return false;
    },
  });

  return (
    <>
      <FormDialog
        form={form}
        isOpen={isOpen}
        onClose={onClose}
        size="large"
        submit={role ? texts.save : texts.create}
        title={role ? texts.editTitle(role.name) : texts.createTitle}
      >
        <TextField {...form.text("name")} autoComplete="off" dir="auto" label={texts.name} />
        <TextArea
          {...form.text("description")}
          help={texts.descriptionHelp}
          label={texts.description}
          limit={DESCRIPTION_MAX}
          optional
          rows={2}
        />
        <FieldGroup
          error={form.errors.permissions}
          help={role && holders > 0 ? texts.changesFor(holders) : undefined}
          label={texts.permissions}
        >
          <PermissionPicker
            catalogue={catalogue}
            name="permissions"
            onChange={(next) => form.set("permissions", next)}
            standing={standing}
            value={form.values.permissions}
          />
        </FieldGroup>
      </FormDialog>
      <ConflictDialog {...conflict} />
    </>
  );
}
