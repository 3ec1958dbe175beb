import { getRouteApi, Link } from "@tanstack/react-router";
import { useAccount, useMe } from "../../api/me";
import { image } from "../../texts/en/image";
import { profile as texts } from "../../texts/en/profile";
import { looks, Notice, Page, PageHeading, Row, Tabs } from "../../ui";
import { ImageSection } from "../member-image/image-section";
import { AccountsList } from "./accounts-list";
import { AddressLinkSection } from "./address-link-section";
import { DataSection } from "./data-section";
import { FactorSection } from "./factor-section";
import { IdentitiesSection } from "./identities-section";
import { NameSection } from "./name-section";
import { PasswordSection } from "./password-section";
import { PreferencesTab } from "./preferences-tab";
import { SessionsTab } from "./sessions-tab";

const route = getRouteApi("/signed-in/profile");

const TABS = [
  [undefined, texts.tabProfile],
  ["security", texts.tabSecurity],
  ["sessions", texts.tabSessions],
  ["preferences", texts.tabPreferences],
] as const;

/** A person's own login: the same in every account. */
export function ProfilePage() {
  const { tab } = route.useSearch();
  const { session } = useMe();
  if (session.method !== "password") return <ProviderProfile />;
  return (
    <Page isNarrow={tab !== "sessions"}>
      <PageHeading title={texts.title} />
      <Tabs
        label={texts.tabs}
        tabs={TABS.map(([key, label]) => ({
          key: label,
          label,
          isCurrent: tab === key,
          link: { to: "/profile", search: { tab: key } },
        }))}
      />
      <AddressLinkSection />
      {tab === undefined && (
        <>
          <NameSection />
          <OwnImage />
          <AccountsList />
          <DataSection />
        </>
      )}
      {tab === "security" && (
        <>
          <PasswordSection />
          <FactorSection />
          <IdentitiesSection />
        </>
      )}
      {tab === "sessions" && <SessionsTab />}
      {tab === "preferences" && <PreferencesTab />}
    </Page>
  );
}

/** The person's picture in the account that is shown: each account has its own. */
function OwnImage() {
  const { login, account } = useMe();
  const { name } = useAccount();
  if (!account) return null;
  return <ImageSection about={image.aboutMine(name)} key={account.id} member={account.member_id} name={login.name} />;
}

/** The profile for a session through the provider of an account, which may not touch the login. */
function ProviderProfile() {
  return (
    <Page isNarrow>
      <PageHeading title={texts.title} />
      <AddressLinkSection />
      <Notice>
        <p>{texts.providerOnly}</p>
      </Notice>
      <Row>
        <Link className={looks({ kind: "primary" })} search={{ return_to: "/console/profile" }} to="/sign-in">
          {texts.providerSignIn}
        </Link>
      </Row>
      <AccountsList />
    </Page>
  );
}
