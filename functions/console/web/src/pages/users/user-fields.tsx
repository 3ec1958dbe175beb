import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Named, sameEmailOptions } from "../../api/end-users";
import { environmentsOptions } from "../../api/environments";
import { useAccount } from "../../api/me";
import { useProjectId } from "../../frame/project-id";
import { endUsers as texts } from "../../texts/en/end-users";
import { unread } from "../../texts/en/unread";
import {
  Checkbox,
  FieldGroup,
  Notice,
  PartProblem,
  Skeleton,
  Stack,
  TextField,
  type useForm,
  useIsFirstRead,
} from "../../ui";
import { canBeEmail, type UserValues } from "./body";
import { nameOf } from "./names";
import styles from "./users.module.css";

type UserForm = Pick<ReturnType<typeof useForm<UserValues, unknown>>, "text" | "values" | "errors" | "set">;

interface Props {
  form: UserForm;
  /** Id of the user who is edited. */
  self?: string;
  /** Whoever registered by writing may lack phone and last name. */
  isInvited?: boolean;
  /** The user who has the number already. */
  holder: Named | undefined;
  /** Note about the number before it is saved. */
  phoneNote?: ReactNode;
  isReadOnly?: boolean;
}

/** The fields of a user, to add and to edit one (U405, U414). */
export function UserFields({ form, self, isInvited = true, holder, phoneNote, isReadOnly = false }: Props) {
  const text = (name: keyof UserValues) => ({ ...form.text(name), autoComplete: "off", readOnly: isReadOnly });
  const [emailLeft, setEmailLeft] = useState("");
  const email = text("email");
  return (
    <Stack gap={5}>
      <Stack gap={2}>
        <TextField
          {...text("phone")}
          help={texts.phoneHelp}
          inputMode="tel"
          label={texts.phoneNumber}
          optional={!isInvited}
          placeholder={texts.phoneExample}
          type="tel"
        />
        {holder && form.errors.phone && <OpenUser user={holder} />}
        {phoneNote}
      </Stack>
      <Stack gap={2}>
        <TextField
          {...email}
          help={isReadOnly ? undefined : texts.emailHelp}
          inputMode="email"
          label={texts.email}
          onBlur={() => {
            email.onBlur();
            setEmailLeft(form.values.email.trim());
          }}
          optional
          spellCheck={false}
        />
        {!isReadOnly && emailLeft === form.values.email.trim() && <SameEmail email={emailLeft} self={self} />}
      </Stack>
      <div className={styles.thirds}>
        <TextField {...text("first")} dir="auto" label={texts.firstName} />
        <TextField {...text("middle")} dir="auto" label={texts.middleName} optional />
        <TextField {...text("last")} dir="auto" label={texts.lastName} optional={!isInvited} />
      </div>
      {!isReadOnly && <p className={styles.soft}>{texts.namesHelp}</p>}
      <EnvironmentsField form={form} isNew={self === undefined} isReadOnly={isReadOnly} />
    </Stack>
  );
}

function EnvironmentsField({ form, isNew, isReadOnly }: { form: UserForm; isNew: boolean; isReadOnly: boolean }) {
  const environments = useQuery(environmentsOptions(useProjectId()));
  const isFirstRead = useIsFirstRead(environments);
  const { environments: chosen } = form.values;
  const error = form.errors.environments;
  return (
    <FieldGroup
      error={error}
      help={
        <>
          {texts.environmentsHelp}
          {error && !isNew && <> {texts.environmentsLeftHelp}</>}
        </>
      }
      label={texts.environments}
    >
      {isFirstRead && <Skeleton height={32} rows={3} />}
      <PartProblem read={environments} title={unread.environments} />
      {environments.data?.map(({ id, name }) => (
        <Checkbox
          blocked={isReadOnly ? "" : undefined}
          isSelected={chosen.includes(id)}
          key={id}
          label={<bdi>{name}</bdi>}
          name="environments"
          onChange={(isChosen) => {
            const others = chosen.filter((other) => other !== id);
            form.set("environments", (isChosen ? [...others, id] : others).sort());
          }}
        />
      ))}
    </FieldGroup>
  );
}

function OpenUser({ user }: { user: Named }) {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <p>
      <Link params={{ account, project, id: user.id }} to="/a/$account/p/$project/settings/users/$id">
        <bdi>{texts.open(user.display_name)}</bdi>
      </Link>
    </p>
  );
}

/** Warns of an address that another user has, too. */
function SameEmail({ email, self }: { email: string; self: string | undefined }) {
  const project = useProjectId();
  const options = sameEmailOptions(project, email, self);
  const other = useQuery({ ...options, enabled: canBeEmail(email) }).data;
  if (!other) return null;
  return (
    <Notice tone="warn">
      <p>
        <bdi>{texts.emailTaken(nameOf(other))}</bdi>
      </p>
    </Notice>
  );
}
