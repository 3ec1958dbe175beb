import { useState } from "react";
import { currentAccount } from "../api/client";
import { updateMe, useMe } from "../api/me";
import { goTo } from "../navigation";
import { frame } from "../texts/en/frame";
import { applyTheme, type Theme } from "../theme";
import { later, useLater } from "../ui/loading";
import { MenuButton, type MenuSection } from "../ui/menu";
import { errorText } from "../ui/states";
import { toasts } from "../ui/toast";
import type { Standing } from "./availability-menu";
import styles from "./frame.module.css";
import { leave } from "./leave";
import { MemberAvatar } from "./member-avatar";
import { openShortcutList } from "./shortcuts";

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", frame.themeSystem],
  ["light", frame.themeLight],
  ["dark", frame.themeDark],
];

/** No part of the first load (U173). */
const availability = later(() => import("./availability-menu"));

/** The person at the foot of the sidebar: availability, profile, theme, accounts, sign-out. */
export function PersonMenu() {
  const module = useLater(availability, false);
  const [standing, setStanding] = useState<Standing>();
  return (
    <>
      {module && <module.OwnStanding onChange={setStanding} />}
      <Menu standing={standing} />
    </>
  );
}

function Menu({ standing }: { standing?: Standing | undefined }) {
  const me = useMe();
  const [chosen, setChosen] = useState<Theme>();
  const theme = chosen ?? me.preferences.theme;
  const account = currentAccount();

  // Shown at once, and taken back if it cannot be kept.
  const choose = (next: Theme) => {
    const before = theme;
    setChosen(next);
    applyTheme(next);
    updateMe({ preferences: { theme: next } })
      .catch((error: unknown) => {
        applyTheme(before);
        toasts.failed(errorText(error));
      })
      .finally(() => setChosen(undefined));
  };

  const sections: MenuSection[] = [
    ...(standing ? [standing.section] : []),
    {
      entries: [
        { id: "profile", label: frame.profile, icon: "person", href: "/console/profile" },
        { id: "sessions", label: frame.sessions, icon: "lock", href: "/console/profile?tab=sessions" },
      ],
    },
    {
      title: frame.theme,
      entries: THEMES.map(([id, label]) => ({
        id: `theme-${id}`,
        label,
        isSelected: id === theme,
        changes: true,
        onAction: () => choose(id),
      })),
    },
    { entries: [{ id: "shortcuts", label: frame.shortcuts, icon: "info", onAction: openShortcutList }] },
    ...(me.accounts.length > 1
      ? [
          {
            title: frame.switchAccount,
            entries: me.accounts.map(({ id, name, role }) => ({
              id,
              label: name,
              about: role?.name,
              isSelected: id === account,
              onAction: () => goTo(`/console/a/${id}`),
            })),
          },
        ]
      : []),
    {
      entries: [{ id: "sign-out", label: frame.signOut, icon: "signOut", changes: true, onAction: () => void leave() }],
    },
  ];

  return (
    <MenuButton
      className={styles.person}
      label={frame.person(me.login.name, standing?.words)}
      placement="top start"
      sections={sections}
      tip={me.login.name}
    >
      <MemberAvatar member={me.account?.member_id} name={me.login.name} size={24} />
      <span className={styles.personWords}>
        <bdi className={styles.entryName}>{me.login.name}</bdi>
        {/* Drawn by the style sheet: the button's label says it. */}
        {standing && (
          <span
            aria-hidden="true"
            className={styles.standing}
            data-standing={standing.words}
            data-state={standing.state}
          />
        )}
      </span>
    </MenuButton>
  );
}
