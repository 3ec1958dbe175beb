import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
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
  useForm,
} from "../../../ui";
import { labelsOf } from "../permissions/areas";
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
  // The version that the form began with: what others save meanwhile must not slip in unseen.
  const base = useRef({ values: valuesOf(member), etag });
  const [theirs, setTheirs] = useState<MemberValues>();
  const [isConflict, setConflict] = useState(false);
  const [refusal, setRefusal] = useState<ApiProblem>();

  const save = async (values: MemberValues) => {
    setRefusal(undefined);
    const saved = await updateMember(member.id, changeOf(base.current.values, values), base.current.etag);
    base.current = { values: valuesOf(saved.value), etag: saved.etag };
    return saved.value;
  };
  const done = (saved: Member) => {
    form.restart(valuesOf(saved));
    toasts.done(texts.saved(saved.name));
    void readTeamAgain();
  };
  /** Reads what somebody else saved, and asks which values count. */
  const compare = async (mine: MemberValues) => {
    const now = await queryClient.fetchQuery({ ...memberOptions(member.id), staleTime: 0 });
    const values = valuesOf(now.value);
    base.current = { values, etag: now.etag };
    if (conflictsOf(mine, values, names).length === 0) return done(now.value);
    setTheirs(values);
    setConflict(true);
  };

  const form = useForm<MemberValues, Member>({
    initial: base.current.values,
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
    send: save,
    onDone: done,
    onFailure: (error, values) => {
      if (isProblem(error, "precondition-failed", "changed-meanwhile")) {
        compare(values).catch((failure) => form.setFailure(failure));
        return true;
      }
      if (isProblem(error, "last-super-admin", "permissions-not-held", "member-above")) {
        setRefusal(error);
        return true;
      }
      return false;
    },
  });
  const { role, extra, access, clients } = form.values;
  const undo = () => {
    setRefusal(undefined);
    form.restart(base.current.values);
  };

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
              {form.isDirty() && <Button onClick={undo}>{common.cancel}</Button>}
            </FormActions>
          )}
        </Stack>
      </Section>
      <ConflictDialog
        fields={theirs ? conflictsOf(form.values, theirs, names) : []}
        isOpen={isConflict}
        onClose={() => setConflict(false)}
        onKeepMine={async () => done(await save(form.values))}
        onTakeTheirs={() => theirs && form.restart(theirs)}
      />
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

/** How values are called, for the comparison of two people's changes. */
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
