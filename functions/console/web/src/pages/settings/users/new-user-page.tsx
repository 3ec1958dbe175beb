import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { accountOptions } from "../../../api/account";
import { useAccount } from "../../../api/me";
import { common } from "../../../texts/en/common";
import { users as texts } from "../../../texts/en/users";
import {
  Checkbox,
  Form,
  FormActions,
  looks,
  Notice,
  Page,
  PageHeading,
  Section,
  Select,
  Stack,
  SubmitButton,
  TextField,
} from "../../../ui";
import { BackToUsers } from "./back-to-users";
import { takeDraft } from "./draft";
import { ExtraPermissions, RoleField } from "./fields";
import { PASSWORD } from "./invitation-body";
import { InviteTrouble } from "./invite-trouble";
import { LinkDialog, type MadeLink } from "./link-dialog";
import { MethodField, ProviderFields } from "./method-fields";
import { NewImage } from "./new-image";
import { useInviteForm } from "./use-invite-form";
import { WorkSections } from "./work/work-sections";

const route = getRouteApi("/a/$account/settings/users/new");
const DAYS = [1, 3, 7, 14, 30];

/** The full form of an invitation (U504). */
export function NewUserPage() {
  const account = useAccount();
  const navigate = route.useNavigate();
  const [draft] = useState(takeDraft);
  const [link, setLink] = useState<MadeLink>();
  const [isLinkShown, setLinkShown] = useState(false);
  const hasSender = useQuery(accountOptions).data?.value.mail.from !== null;
  const toList = () => void navigate({ to: "/a/$account/settings/users" });
  const invite = useInviteForm({
    kind: "full",
    initial: draft,
    onDone: (made) => {
      if (!made.link) return toList();
      setLink({ name: made.member.name, url: made.link });
      setLinkShown(true);
    },
  });
  const { form, methods } = invite;
  const { method, role, extra } = form.values;
  const firstProvider = methods.providers[0]?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once it is known that there are no passwords
  useEffect(() => {
    if (methods.isRead && !methods.hasPassword && method === PASSWORD && firstProvider) {
      form.restart({ ...form.values, method: firstProvider });
    }
  }, [methods.isRead, firstProvider]);

  return (
    <Page isNarrow>
      <BackToUsers />
      <PageHeading about={texts.addAbout} title={texts.addTitle} />
      {!hasSender && (
        <Notice tone="warn">
          <p>
            {texts.noMail} {texts.noMailMore}
          </p>
        </Notice>
      )}
      <Form form={form}>
        <Section title={texts.person}>
          <Stack>
            <TextField {...form.text("fullName")} autoComplete="off" dir="auto" label={texts.fullName} />
            <TextField
              {...form.text("email")}
              autoComplete="off"
              inputMode="email"
              label={texts.emailLong}
              spellCheck={false}
              type="email"
            />
          </Stack>
        </Section>
        <NewImage name={form.values.fullName || "?"} onChange={(picture) => form.set("image", picture)} />
        <Section title={texts.access}>
          <Stack gap={5}>
            <RoleField
              error={form.errors.role}
              isOptional={method !== PASSWORD}
              onChange={(next) => form.set("role", next)}
              value={role}
            />
            <ExtraPermissions
              error={form.errors.extra}
              isOpen={extra.length > 0}
              onChange={(next) => form.set("extra", next)}
              role={role}
              value={extra}
            />
          </Stack>
        </Section>
        <WorkSections errors={form.errors} set={form.set} values={form.values} />
        <Section title={texts.invitation}>
          <Stack gap={5}>
            <MethodField invite={invite} />
            <ProviderFields invite={invite} asksNames={false} />
            <Select
              label={texts.expiresIn}
              onChange={(days) => form.set("days", days)}
              options={DAYS.map((days) => ({ value: String(days), label: texts.days(days) }))}
              value={form.values.days}
            />
            {hasSender && <Checkbox {...form.check("send")} help={texts.sendMailHelp} label={texts.sendMail} />}
          </Stack>
        </Section>
        <InviteTrouble invite={invite} />
        <FormActions>
          <SubmitButton>{texts.addUser}</SubmitButton>
          <Link className={looks({})} params={{ account: account.id }} to="/a/$account/settings/users">
            {common.cancel}
          </Link>
        </FormActions>
      </Form>
      <LinkDialog
        isOpen={isLinkShown}
        link={link}
        onClose={() => {
          setLinkShown(false);
          toList();
        }}
      />
    </Page>
  );
}
