import { loginMethods as texts } from "../../../texts/en/login-methods";
import { TextArea } from "../../../ui";
import { needsTenants, servesTenants } from "./tenants";

interface Props {
  /** The field of the form. */
  field: {
    name: string;
    value: string;
    onChange: (value: string) => void;
    onBlur: () => void;
    error?: string | undefined;
  };
  issuer: string;
}

/** The tenants whose people may sign in; only where the issuer serves many. */
export function TenantsField({ field, issuer }: Props) {
  if (!servesTenants(issuer)) return null;
  return (
    <TextArea
      {...field}
      autoCapitalize="off"
      autoComplete="off"
      help={texts.tenantsHelp}
      label={texts.tenants}
      optional={!needsTenants(issuer)}
      placeholder="9188040d-6c67-4c5b-b112-36a304b66dad"
      spellCheck={false}
    />
  );
}
