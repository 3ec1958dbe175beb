import { useQuery } from "@tanstack/react-query";
import { type Account, accountOptions } from "../../../api/account";
import { useMay } from "../../../api/me";
import { account as texts } from "../../../texts/en/account";
import { Details, Notice, Page, PageHeading, ProblemView, Section, Skeleton, Stack } from "../../../ui";
import { DataSection } from "./data-section";
import { daysInWords, draftOf, wordsOf } from "./draft";
import { FurtherAccounts } from "./further-accounts";
import { GeneralDetails } from "./general-details";
import { SettingsForm } from "./settings-form";

/** The account's name and rules, its mail, and further accounts. */
export function AccountPage() {
  const { data, error, refetch } = useQuery(accountOptions);
  const may = useMay();
  const mayManage = may("account.manage");
  return (
    <Page isNarrow>
      <PageHeading about={mayManage ? texts.about : texts.aboutReadOnly} title={texts.title} />
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={6} />
      ) : (
        <>
          {mayManage ? <SettingsForm record={data} /> : <Shown account={data.value} />}
          <Section about={texts.logDaysHelp} title={texts.log}>
            <Details items={[[texts.logDays, daysInWords(data.value.audit_days)]]} />
          </Section>
          <Mail account={data.value} />
          {may("accounts.create") && <FurtherAccounts />}
          <DataSection record={data} />
        </>
      )}
    </Page>
  );
}

/** The settings for those who may not change them. */
function Shown({ account }: { account: Account }) {
  const draft = draftOf(account);
  return (
    <>
      <Section title={texts.general}>
        <Stack gap={3}>
          <Details items={[[texts.name, <bdi key="name">{account.name}</bdi>]]} />
          <GeneralDetails id={account.id} />
        </Stack>
      </Section>
      <Section title={texts.signIn}>
        <Details
          items={[
            [texts.factorRequired, wordsOf("factorRequired", draft)],
            [texts.providerFactorCounts, wordsOf("providerFactorCounts", draft)],
            [texts.ssoOnly, wordsOf("ssoOnly", draft)],
          ]}
        />
      </Section>
      <Section title={texts.absence}>
        <Details items={[[texts.requeueAfter, wordsOf("requeueAfter", draft)]]} />
      </Section>
    </>
  );
}

function Mail({ account }: { account: Account }) {
  const { from } = account.mail;
  return (
    <Section about={from ? texts.mailSet : undefined} title={texts.mail}>
      {from ? (
        <Details items={[[texts.mailFrom, <code key="from">{from}</code>]]} />
      ) : (
        <Notice tone="warn">
          <p>
            <strong>{texts.mailMissing}</strong>
          </p>
          <p>{texts.mailMissingAbout}</p>
        </Notice>
      )}
    </Section>
  );
}
