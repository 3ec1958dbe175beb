import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { allClientsOptions } from "../../../api/clients";
import { useMay } from "../../../api/me";
import { type Member, memberOptions, updateMember } from "../../../api/members";
import { type ApiProblem, isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { permissionsOptions, rolesOptions } from "../../../api/roles";
import { allTeamsOptions } from "../../../api/teams";
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
import { useChannels } from "../channels/use-channels";
import { labelsOf } from "../permissions/areas";
import { useRecordForm } from "../use-record-form";
import { ExtraPermissions, RoleField, useMayChooseClients } from "./fields";
import { readClients } from "./filter";
import { changeOf, conflictsOf, type MemberValues, type Names, valuesOf } from "./member-body";
import { readTeamAgain } from "./use-invitations";
import { WorkSections, workForm } from "./work/work-sections";

interface Props {
  member: Member;
  etag: string | undefined;
  isReadOnly: boolean;
}

/** Name, role, permissions and clients of a member, before and after the invitation was accepted (D13, D14). */
export function MemberForm({ member, etag, isReadOnly }: Props) {
  const names = useNames();
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
      ...workForm.labels,
    },
    rules: {
      name: (name) => (!name.trim() ? texts.nameRule : name.trim().length > 100 ? texts.nameTooLong : undefined),
      clients: (clients, { access }) => (access === "some" && clients.length === 0 ? texts.clientsRule : undefined),
      limits: workForm.limitsRule,
    },
    apiNames: { extra: "extra_permissions", ...workForm.apiNames },
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
  const { role, extra } = form.values;
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
        </Stack>
      </Section>
      <WorkSections
        errors={form.errors}
        isReadOnly={isReadOnly}
        saved={{ id: member.id, work: member.work, clients: readClients(member.clients) }}
        set={form.set}
        values={form.values}
      />
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

const WORK_FIELDS = {
  channels: workForm.labels.limits,
  client_channels: workForm.labels.clientChannels,
  teams: workForm.labels.teams,
  skills: workForm.labels.skills,
};

/** Names of values, for the comparison of two people's changes. */
function useNames(): Names {
  const roles = useQuery(rolesOptions).data?.items ?? [];
  const catalogue = useQuery(permissionsOptions).data?.items ?? [];
  const clients = useQuery({ ...allClientsOptions, enabled: useMayChooseClients() }).data ?? [];
  const teams = useQuery({ ...allTeamsOptions, enabled: useMay()("teams.read") }).data ?? [];
  const { label: channel } = useChannels();
  return {
    fields: { ...texts.fields, ...WORK_FIELDS },
    channel,
    team: (id) => teams.find((team) => team.id === id)?.name ?? id,
    role: (key) => (key ? (roles.find((role) => role.key === key)?.name ?? key) : texts.noRole),
    permissions: (keys) => formatList(labelsOf(keys, catalogue)),
    clients: (access) =>
      access === "all"
        ? texts.allClients
        : formatList(access.map((id) => clients.find((client) => client.id === id)?.name ?? id)),
  };
}
