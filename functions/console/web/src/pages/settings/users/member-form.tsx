import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { allClientsOptions } from "../../../api/clients";
import { type Member, memberOptions, updateMember } from "../../../api/members";
import { type ApiProblem, isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { permissionsOptions, rolesOptions } from "../../../api/roles";
import { formatList } from "../../../format";
import { common } from "../../../texts/en/common";
import { users as texts } from "../../../texts/en/users";
import {
  Button,
  ConflictDialog,
  Form,
  FormActions,
  Notice,
  Section,
  Stack,
  SubmitButton,
  TextField,
  toasts,
} from "../../../ui";
import { labelsOf } from "../permissions/areas";
import { useRecordForm } from "../use-record-form";
import { ClientAccess, ExtraPermissions, RoleField, useMayChooseClients } from "./fields";
import { changeOf, conflictsOf, type MemberValues, type Names, valuesOf } from "./member-body";
import { readTeamAgain } from "./use-invitations";

interface Props {
  member: Member;
  etag: string | undefined;
  isReadOnly: boolean;
}

/** Name, role, permissions and clients of a member, before and after the invitation was accepted (D13, D14). */
export function MemberForm({ member, etag, isReadOnly }: Props) {
  const names = useNames();
  const mayChooseClients = useMayChooseClients();
  const [refusal, setRefusal] = useState<ApiProblem>();
  const { form, undo, conflict } = useRecordForm<Member, MemberValues>({
    target: `member:${member.id}`,
    record: { value: member, etag },
    initial: valuesOf(member),
    valuesOf,
    read: () => queryClient.fetchQuery({ ...memberOptions(member.id), staleTime: 0 }),
    update: (values, before) => {
      setRefusal(undefined);
      return updateMember(member.id, changeOf(valuesOf(before.value), values), before.etag);
    },
    differences: (mine, theirs) => conflictsOf(mine, theirs, names),
    labels: {
      name: texts.fullName,
      role: texts.role,
      extra: texts.extra,
      access: texts.clientAccess,
      clients: texts.clientAccess,
    },
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > 100 ? texts.nameTooLong : undefined),
      clients: (clients, { access }) => (access === "some" && clients.length === 0 ? texts.clientsRule : undefined),
    },
    apiNames: { extra: "extra_permissions" },
    onDone: (saved) => {
      toasts.done(texts.saved(saved.name));
      void readTeamAgain();
    },
    onFailure: (error) => {
      if (!isProblem(error, "last-super-admin", "permissions-not-held", "member-above")) return false;
      setRefusal(error);
      return true;
    },
  });
  const { role, extra, access, clients } = form.values;
  return (
    <Form form={form}>
      <Section about={isReadOnly ? undefined : texts.accessAbout} title={texts.access}>
        <Stack gap={5}>
          <TextField
            {...form.text("name")}
            autoComplete="off"
            dir="auto"
            label={texts.fullName}
            readOnly={isReadOnly}
          />
          <RoleField
            error={form.errors.role}
            mayBeNone
            isReadOnly={isReadOnly}
            onChange={(next) => form.set("role", next)}
            value={role}
          />
          <ExtraPermissions
            error={form.errors.extra}
            isOpen={extra.length > 0}
            isReadOnly={isReadOnly}
            onChange={(next) => form.set("extra", next)}
            role={role}
            value={extra}
          />
          {mayChooseClients && (
            <ClientAccess
              access={access}
              clients={clients}
              error={form.errors.clients}
              isReadOnly={isReadOnly}
              onAccess={(next) => form.set("access", next === "all" ? "all" : "some")}
              onClients={(next) => form.set("clients", next)}
            />
          )}
          {refusal && <Refusal error={refusal} member={member} />}
          {!isReadOnly && (
            <FormActions>
              <SubmitButton>{texts.save}</SubmitButton>
              {form.isDirty() && (
                <Button
                  onClick={() => {
                    setRefusal(undefined);
                    undo();
                  }}
                >
                  {common.cancel}
                </Button>
              )}
            </FormActions>
          )}
        </Stack>
      </Section>
      <ConflictDialog {...conflict} />
    </Form>
  );
}

/** Why a change was refused, with the permissions by name. */
function Refusal({ error, member }: { error: ApiProblem; member: Member }) {
  const catalogue = useQuery(permissionsOptions).data?.items ?? [];
  const missing = formatList(labelsOf(error.body.permissions ?? [], catalogue));
  const words = () => {
    switch (error.kind) {
      case "last-super-admin":
        return member.is_you ? texts.lastSuperAdminYou : texts.lastSuperAdmin(member.name);
      case "member-above":
        return `${texts.above(member.name)} ${missing ? texts.aboveList(missing) : texts.aboveSuper}`;
      default:
        return `${texts.notHeld}. ${missing ? texts.notHeldList(missing) : texts.notHeldSuper}`;
    }
  };
  return (
    <Notice tone="bad">
      <p>{words()}</p>
    </Notice>
  );
}

/** Names of values, for the comparison of two people's changes. */
function useNames(): Names {
  const roles = useQuery(rolesOptions).data?.items ?? [];
  const catalogue = useQuery(permissionsOptions).data?.items ?? [];
  const clients = useQuery({ ...allClientsOptions, enabled: useMayChooseClients() }).data ?? [];
  return {
    fields: texts.fields,
    role: (key) => (key ? (roles.find((role) => role.key === key)?.name ?? key) : texts.noRole),
    permissions: (keys) => formatList(labelsOf(keys, catalogue)),
    clients: (access) =>
      access === "all"
        ? texts.allClients
        : formatList(access.map((id) => clients.find((client) => client.id === id)?.name ?? id)),
  };
}
