import { account as texts } from "../../../texts/en/account";
import { Copy, Details } from "../../../ui";
import styles from "./account.module.css";

/** Facts of the account that others need: its id, and where its members sign in. */
export function GeneralDetails({ id }: { id: string }) {
  return (
    <Details
      items={[
        [
          texts.signInAddress,
          <div key="address">
            <Copy text={`${location.origin}/console/sign-in/${id}`} />
            <p className={styles.help}>{texts.signInAddressHelp}</p>
          </div>,
        ],
        [texts.id, <Copy key="id" text={id} />],
      ]}
    />
  );
}
