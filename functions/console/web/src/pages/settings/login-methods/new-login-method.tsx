import { getRouteApi, Link } from "@tanstack/react-router";
import { createLoginMethod } from "../../../api/login-methods";
import { useAccount } from "../../../api/me";
import { queryClient } from "../../../api/query";
import { common } from "../../../texts/en/common";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import {
  Form,
  FormActions,
  looks,
  Notice,
  Page,
  PageHeading,
  RadioGroup,
  Section,
  Stack,
  SubmitButton,
  TextField,
  toasts,
  useForm,
} from "../../../ui";
import { apiNames, brokenRule, emptyDraft, type Kind, labels, rulesOf, toCreate } from "./draft";
import { CredentialFields, IdentityFields, NameField } from "./fields";
import { ToList } from "./to-list";

const route = getRouteApi("/a/$account/settings/login-methods");

/** The form for a new login method. Its redirect address is known once it is saved. */
export function NewLoginMethod({ kind }: { kind: Kind }) {
  const navigate = route.useNavigate();
  const account = useAccount().id;
  const form = useForm({
    initial: emptyDraft(kind),
    labels,
    apiNames,
    rules: rulesOf(brokenRule),
    send: (draft, idempotencyKey) => createLoginMethod(toCreate(draft), idempotencyKey),
    onDone: async (made) => {
      await queryClient.invalidateQueries({ queryKey: ["login-methods"] });
      toasts.done(texts.created(made.name));
      void navigate({ search: { open: made.id }, replace: true });
    },
  });
  const isOpenIdConnect = form.values.kind === "open_id_connect";
  const address = { autoComplete: "off", inputMode: "url", mono: true, spellCheck: false } as const;
  return (
    <Page isNarrow>
      <ToList />
      <PageHeading about={texts.newAbout} title={texts.newTitle} />
      <Section>
        <Form form={form} guardsViews>
          <RadioGroup
            label={texts.kind}
            name="kind"
            onChange={(value) => form.set("kind", value as Kind)}
            options={[
              { value: "open_id_connect", label: texts.openIdConnect, help: texts.kindOpenIdConnectHelp },
              { value: "oauth2", label: texts.oauth2Full, help: texts.kindOauth2Help },
            ]}
            value={form.values.kind}
          />
          <NameField form={form} isNew />
          {isOpenIdConnect ? (
            <TextField
              {...form.text("issuer")}
              {...address}
              help={texts.issuerHelp}
              label={texts.issuer}
              placeholder="https://login.example.com"
            />
          ) : (
            <>
              <TextField
                {...form.text("authorizationUrl")}
                {...address}
                help={texts.authorizationUrlHelp}
                label={texts.authorizationUrl}
                placeholder="https://id.example/authorize"
              />
              <TextField
                {...form.text("tokenUrl")}
                {...address}
                help={texts.tokenUrlHelp}
                label={texts.tokenUrl}
                placeholder="https://id.example/token"
              />
              <TextField
                {...form.text("userInfoUrl")}
                {...address}
                help={texts.userInfoUrlHelp}
                label={texts.userInfoUrl}
                placeholder="https://id.example/user"
              />
            </>
          )}
          <CredentialFields form={form} isNew />
          <IdentityFields form={form} isNew />
          <Stack>
            <Notice>
              <p>{texts.redirectLater}</p>
            </Notice>
          </Stack>
          <FormActions>
            <SubmitButton>{texts.create}</SubmitButton>
            <Link className={looks({})} params={{ account }} search={{}} to="/a/$account/settings/login-methods">
              {common.cancel}
            </Link>
          </FormActions>
        </Form>
      </Section>
    </Page>
  );
}
