import { useState } from "react";
import type { Connector } from "../../api/connectors";
import type { ProviderField } from "../../api/providers";
import { formatDateTime } from "../../format";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { Badge, Button, PasswordField, Row, TextField, type useForm } from "../../ui";
import { fixedReason, isSet } from "./connector";
import styles from "./connectors.module.css";
import type { Credentials } from "./values";

type CredentialsForm = Pick<ReturnType<typeof useForm<Credentials>>, "text" | "set" | "values" | "isChanged">;

interface Props {
  form: CredentialsForm;
  fields: readonly ProviderField[];
  /** The connector whose secrets are stored; undefined for a new one. */
  connector?: Connector;
  /** Complaint of the platform about a field, until something else is typed there. */
  complaint?: { field: string; words: string } | undefined;
}

/** The fields of a platform, each with where its console shows the value. Stored secrets show only that they are there. */
export function CredentialFields({ form, fields, connector, complaint }: Props) {
  return fields.map((field) => {
    const text = form.text(field.name);
    const isRefused = complaint?.field === field.name && !form.isChanged(field.name);
    const common = {
      ...text,
      error: text.error ?? (isRefused ? complaint.words : undefined),
      autoComplete: "off",
      help: field.help,
      label: field.label,
      optional: !field.required,
      placeholder: field.placeholder ?? undefined,
      spellCheck: false,
    };
    const fixed = connector && fixedReason(connector.provider, field.name);
    if (fixed) return <TextField {...common} help={fixed} key={field.name} mono readOnly />;
    if (!field.secret) return <TextField {...common} key={field.name} mono />;
    if (!connector) return <PasswordField {...common} key={field.name} maxLength={4096} />;
    return <StoredSecret connector={connector} field={field} form={form} key={field.name} shown={common} />;
  });
}

interface SecretProps {
  connector: Connector;
  field: ProviderField;
  form: CredentialsForm;
  shown: Parameters<typeof PasswordField>[0];
}

function StoredSecret({ connector, field, form, shown }: SecretProps) {
  const [isReplacing, setReplacing] = useState(false);
  const { label } = field;
  const stored = isSet(connector, field.name);
  const keptUntil = field.previous_in && isSet(connector, field.previous_in) ? connector.previous_secrets_until : null;
  // A message needs its field.
  if (isReplacing || !stored || form.values[field.name] || shown.error) {
    return (
      <PasswordField
        {...shown}
        aside={
          stored &&
          !shown.error && (
            <Button
              kind="quiet"
              onClick={() => {
                form.set(field.name, "");
                setReplacing(false);
              }}
              small
            >
              {texts.keepStored}
            </Button>
          )
        }
        autoFocus={isReplacing}
        label={stored ? texts.newSecret(label) : label}
        maxLength={4096}
      />
    );
  }
  return (
    <div className={styles.secret}>
      <span className={styles.secretName}>{label}</span>
      <Row>
        <Badge tone="good">{texts.set}</Badge>
        <Button aria-label={texts.replaceOf(label)} onClick={() => setReplacing(true)} small>
          {texts.replace}
        </Button>
        {keptUntil && (
          <span className={styles.soft}>
            {texts.keptBefore} <span>{texts.keptUntil(formatDateTime(keptUntil))}</span>
          </span>
        )}
      </Row>
    </div>
  );
}
