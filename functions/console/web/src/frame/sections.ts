import type { Permission } from "../api/me";
import { useMay } from "../api/me";
import { frame } from "../texts/en/frame";
import type { IconName } from "../ui/icon";

interface Section {
  to: `/a/$account/${"" | "p/$project/"}settings/${string}`;
  label: string;
  icon: IconName;
  permission?: Permission;
}

const SECTIONS = [
  { to: "/a/$account/settings/users", label: frame.users, icon: "users", permission: "members.read" },
  { to: "/a/$account/settings/roles", label: frame.roles, icon: "role", permission: "members.read" },
  { to: "/a/$account/settings/teams", label: frame.teams, icon: "team", permission: "teams.read" },
  { to: "/a/$account/settings/clients", label: frame.clients, icon: "client", permission: "projects.read" },
  { to: "/a/$account/settings/channels", label: frame.channels, icon: "chat", permission: "projects.read" },
  {
    to: "/a/$account/settings/login-methods",
    label: frame.loginMethods,
    icon: "signIn",
    permission: "login_methods.manage",
  },
  { to: "/a/$account/settings/api-keys", label: frame.apiKeys, icon: "key", permission: "api_keys.manage" },
  { to: "/a/$account/settings/webhooks", label: frame.webhooks, icon: "plug", permission: "webhooks.read" },
  { to: "/a/$account/settings/audit", label: frame.audit, icon: "log", permission: "audit.read" },
  { to: "/a/$account/settings/account", label: frame.account, icon: "account" },
] as const satisfies readonly Section[];

/** The sections of the settings that this person may see. */
export function useSections() {
  const may = useMay();
  return SECTIONS.filter((section) => !("permission" in section) || may(section.permission));
}

const PROJECT_SECTIONS = [
  { to: "/a/$account/p/$project/settings/general", label: frame.general, icon: "folder", permission: "projects.read" },
  { to: "/a/$account/p/$project/settings/users", label: frame.users, icon: "users", permission: "end_users.read" },
  {
    to: "/a/$account/p/$project/settings/environments",
    label: frame.environments,
    icon: "layers",
    permission: "projects.read",
  },
] as const satisfies readonly Section[];

/** The sections of a project's settings that this person may see. */
export function useProjectSections() {
  const may = useMay();
  return PROJECT_SECTIONS.filter(({ permission }) => may(permission));
}
