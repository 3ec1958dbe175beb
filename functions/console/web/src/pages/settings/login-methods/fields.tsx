import { loginMethods as texts } from "../../../texts/en/login-methods";
import { PasswordField, TextField, type useForm } from "../../../ui";
import type { Draft } from "./draft";
import { TenantsField } from "./tenants-field";

const WORD = { autoComplete: "off", mono: true, spellCheck: false } as const;

type DraftForm = ReturnType<typeof useForm<Draft>>;

interface Props {
  form: Pick<DraftForm, "text" | "values">;
  /** Shows examples, for a provider that nobody has described yet. */
  isNew?: boolean;
}

/** The name by which people know the login method. */
export function NameField({ form, isNew }: Props) {
  return (
    <TextField
      {...form.text("name")}
      autoComplete="off"
      dir="auto"
      help={texts.nameHelp}
      label={texts.name}
      maxLength={100}
      placeholder={isNew ? texts.namePlaceholder : undefined}
    />
  );
}

/** The registration at the provider. Where a secret is stored, an empty field keeps it. */
export function CredentialFields({ form, isNew }: Props) {
  return (
    <>
      <TextField
        {...form.text("clientId")}
        {...WORD}
        help={isNew ? undefined : texts.credentialsHelp}
        label={texts.clientId}
        maxLength={255}
      />
      <PasswordField
        {...form.text("clientSecret")}
        autoComplete="off"
        help={isNew ? texts.clientSecretHelp : texts.clientSecretKeep}
        label={texts.clientSecret}
        maxLength={1024}
        optional={!isNew}
      />
    </>
  );
}

/** Tenants, parts of the provider's answer that tell who somebody is, and scopes. The identifier of OAuth 2.0 is chosen once. */
export function IdentityFields({ form, isNew }: Props) {
  const isOpenIdConnect = form.values.kind === "open_id_connect";
  return (
    <>
      {isOpenIdConnect ? (
        <>
          <TenantsField field={form.text("tenants")} issuer={form.values.issuer} />
          <TextField
            {...form.text("identifierClaim")}
            {...WORD}
            help={texts.identifierClaimHelp}
            label={texts.identifierClaim}
          />
        </>
      ) : (
        <>
          {isNew && (
            <TextField
              {...form.text("identifierField")}
              {...WORD}
              help={texts.identifierFieldHelp}
              label={texts.identifierField}
              placeholder="id"
            />
          )}
          <TextField
            {...form.text("emailField")}
            {...WORD}
            label={texts.emailField}
            optional
            placeholder={isNew ? "email" : undefined}
          />
          <TextField
            {...form.text("nameField")}
            {...WORD}
            label={texts.nameField}
            optional
            placeholder={isNew ? "name" : undefined}
          />
        </>
      )}
      <TextField
        {...form.text("scopes")}
        {...WORD}
        help={isOpenIdConnect ? texts.scopesHelpOpenIdConnect : texts.scopesHelp}
        label={texts.scopes}
        optional
      />
    </>
  );
}
