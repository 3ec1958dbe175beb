import { Link } from "@tanstack/react-router";
import { useAccount } from "../../../api/me";
import { loginMethods as texts } from "../../../texts/en/login-methods";
import { Icon } from "../../../ui";
import styles from "./login-methods.module.css";

/** Leads from one login method to the list of all. */
export function BackLink() {
  return (
    <Link
      className={styles.back}
      params={{ account: useAccount().id }}
      search={{}}
      to="/a/$account/settings/login-methods"
    >
      <Icon className={styles.backIcon} name="chevronRight" />
      {texts.back}
    </Link>
  );
}
