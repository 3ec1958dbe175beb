import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { createApiKey } from "../../../api/api-keys";
import { allEnvironmentsOptions } from "../../../api/environments";
import { type Permission, useAccount, useMay, useMe } from "../../../api/me";
import { ApiProblem, isProblem } from "../../../api/problems";
import { queryClient } from "../../../api/query";
import { permissionsOptions } from "../../../api/roles";
import { formatDate } from "../../../format";
import { apiKeys as texts } from "../../../texts/en/api-keys";
import { common } from "../../../texts/en/common";
import { permissionTexts } from "../../../texts/en/permissions";
import { unread } from "../../../texts/en/unread";
import {
  BackLink,
  Button,
  Checkbox,
  FieldGroup,
  Form,
  FormActions,
  Icon,
  looks,
  Page,
  PageHeading,
  PartProblem,
  ProblemView,
  RadioGroup,
  Row,
  Section,
  Select,
  Skeleton,
  SubmitButton,
  TextField,
  useForm,
} from "../../../ui";
import styles from "./api-keys.module.css";
import { byArea, givable, obstacleOf } from "./choice";
import { endAfter, LIVES } from "./expiry";

interface Draft {
  name: string;
  owner: string;
  days: string;
  environment: string;
  permissions: Permission[];
}

type Created = Awaited<ReturnType<typeof createApiKey>>;

/** The form for a new key. */
export function NewApiKey({ onCreated }: { onCreated: (made: Created) => void }) {
  const account = useAccount().id;
  const may = useMay();
  const held = useMe().account?.permissions ?? [];
  const mayAccount = may("api_keys.manage_account");
  const readEnvironments = useQuery({ ...allEnvironmentsOptions, enabled: may("projects.read") });
  const environments = readEnvironments.data ?? [];
  const initial: Draft = { name: "", owner: "me", days: "90", environment: "", permissions: [] };
  const form = useForm({
    initial,
    labels: {
      name: texts.name,
      owner: texts.owner,
      days: texts.expiry,
      environment: texts.environment,
      permissions: texts.permissions,
    },
    apiNames: { days: "expires_in_days", environment: "environment_id" },
    rules: {
      name: (name) => (name.trim() ? undefined : texts.nameRequired),
      permissions: (chosen) => (chosen.length > 0 ? undefined : texts.permissionsRequired),
    },
    send: (draft, idempotencyKey) =>
      createApiKey(
        {
          name: draft.name.trim(),
          permissions: draft.permissions,
          owner: draft.owner === "account" ? "account" : undefined,
          expires_in_days: Number(draft.days),
          environment_id: draft.environment || undefined,
        },
        idempotencyKey,
      ),
    onDone: (made) => {
      void queryClient.invalidateQueries({ queryKey: ["api-keys"] });
      onCreated(made);
    },
    onFailure: (error) => {
      if (!isProblem(error, "idempotency-key-spent")) return false;
      void queryClient.invalidateQueries({ queryKey: ["api-keys"] });
      form.setFailure(new ApiProblem({ ...error.body, detail: texts.spent }));
      return true;
    },
  });
  const limit = (environment: string) => {
    form.set("environment", environment);
    form.set("permissions", givable(form.values.permissions, held, environment !== ""));
  };
  return (
    <Page isNarrow>
      <BackLink link={{ to: "/a/$account/settings/api-keys", params: { account }, search: {} }}>{texts.title}</BackLink>
      <PageHeading about={texts.newAbout} title={texts.newTitle} />
      <Form form={form} guardsViews>
        <Section>
          <div className={styles.fields}>
            <TextField
              {...form.text("name")}
              autoComplete="off"
              help={texts.nameHelp}
              label={texts.name}
              maxLength={100}
            />
            <RadioGroup
              help={texts.ownerHelp}
              label={texts.owner}
              name="owner"
              onChange={(owner) => form.set("owner", owner)}
              options={[
                { value: "me", label: texts.ownerMe, help: texts.ownerMeHelp },
                {
                  value: "account",
                  label: texts.ownerAccount,
                  help: mayAccount ? texts.ownerAccountHelp : texts.ownerAccountBlocked,
                  isDisabled: !mayAccount,
                },
              ]}
              value={form.values.owner}
            />
            <RadioGroup
              label={texts.expiry}
              name="days"
              onChange={(days) => form.set("days", days)}
              options={LIVES.map((days) => ({
                value: String(days),
                label: texts.days(days),
                help: texts.until(formatDate(endAfter(days))),
              }))}
              value={form.values.days}
            />
            {environments.length > 0 && (
              <Select
                error={form.errors.environment}
                help={texts.environmentHelp}
                label={texts.environment}
                name="environment"
                onChange={limit}
                options={[
                  { value: "", label: texts.environmentAny },
                  ...environments.map(({ id, name, project }) => ({
                    value: id,
                    label: texts.environmentOf(project, name),
                  })),
                ]}
                value={form.values.environment}
              />
            )}
            <PartProblem read={readEnvironments} title={unread.environments} />
          </div>
        </Section>
        <Permissions
          error={form.errors.permissions}
          held={held}
          isLimited={form.values.environment !== ""}
          onChange={(permissions) => form.set("permissions", permissions)}
          value={form.values.permissions}
        />
        <FormActions>
          <SubmitButton>{texts.submit}</SubmitButton>
          <Link className={looks({})} params={{ account }} search={{}} to="/a/$account/settings/api-keys">
            {common.cancel}
          </Link>
        </FormActions>
      </Form>
    </Page>
  );
}

interface PermissionsProps {
  value: Permission[];
  onChange: (value: Permission[]) => void;
  held: readonly Permission[];
  isLimited: boolean;
  error: string | undefined;
}

function Permissions({ value, onChange, held, isLimited, error }: PermissionsProps) {
  const catalogue = useQuery(permissionsOptions);
  const all = catalogue.data?.items ?? [];
  const selectable = givable(
    all.map(({ key }) => key),
    held,
    isLimited,
  );
  return (
    <Section
      about={texts.permissionsHelp}
      actions={
        <Row>
          <Button kind="quiet" onClick={() => onChange(selectable)} small>
            {texts.selectAll}
          </Button>
          <Button kind="quiet" onClick={() => onChange([])} small>
            {texts.selectNone}
          </Button>
        </Row>
      }
      title={texts.permissions}
    >
      {catalogue.error && !catalogue.data ? (
        <ProblemView error={catalogue.error} retry={() => void catalogue.refetch()} />
      ) : !catalogue.data ? (
        <Skeleton rows={6} />
      ) : (
        <div className={styles.areas}>
          {error && (
            <p className={styles.error} role="alert">
              <Icon name="alert" size={14} /> {error}
            </p>
          )}
          {byArea(all).map(({ area, permissions }) => (
            <FieldGroup key={area} label={permissionTexts.areas[area]}>
              {permissions.map(({ key, label, description }) => {
                const obstacle = obstacleOf(key, held, isLimited);
                return (
                  <Checkbox
                    blocked={
                      obstacle === "not-held"
                        ? texts.notHeld
                        : obstacle === "not-in-environment"
                          ? texts.notInEnvironment
                          : undefined
                    }
                    help={description}
                    isSelected={value.includes(key)}
                    key={key}
                    label={label}
                    name="permissions"
                    onChange={(isSelected) =>
                      onChange(isSelected ? [...value, key] : value.filter((other) => other !== key))
                    }
                  />
                );
              })}
            </FieldGroup>
          ))}
        </div>
      )}
    </Section>
  );
}
