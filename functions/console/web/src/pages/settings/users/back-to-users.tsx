import { Link } from "@tanstack/react-router";
import { useAccount } from "../../../api/me";
import { users as texts } from "../../../texts/en/users";
import { Icon } from "../../../ui";
import styles from "./users.module.css";

export function BackToUsers() {
  const account = useAccount();
  return (
    <Link className={styles.back} params={{ account: account.id }} to="/a/$account/settings/users">
      <Icon name="chevronRight" />
      {texts.back}
    </Link>
  );
}
