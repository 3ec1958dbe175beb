import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { methodsOptions } from "../../../api/auth";
import { loginMethodsOptions } from "../../../api/login-methods";
import { useAccount, useMay, useMe } from "../../../api/me";
import { account as texts } from "../../../texts/en/account";
import { unread } from "../../../texts/en/unread";
import { Icon, PartProblem, Switch } from "../../../ui";
import { classes } from "../../../ui/classes";
import styles from "./account.module.css";
import { type Standing, standsInWay } from "./draft";

interface Props {
  field: { name: string; isSelected: boolean; onChange: (isSelected: boolean) => void };
  /** Whether it is on already. */
  isOn: boolean;
}

/** The switch of single sign-on only, with what stands in its way. */
export function SsoOnly({ field, isOn }: Props) {
  const account = useAccount().id;
  const may = useMay();
  const { session } = useMe();
  const mayManage = may("login_methods.manage");
  const managed = useQuery({ ...loginMethodsOptions, enabled: mayManage });
  const offered = useQuery({ ...methodsOptions(account), enabled: !mayManage });
  const methods = managed.data?.items;
  const known = mayManage ? methods : offered.data?.providers;
  const standing: Standing = {
    isSetUp: known === undefined || known.length > 0,
    isTried: methods?.some(({ tried_at }) => tried_at),
    isSignedInThere: session.method === "provider",
  };
  const isBlocked = !isOn && !field.isSelected && standsInWay(standing);
  return (
    <div className={styles.sso}>
      <Switch
        {...field}
        blocked={isBlocked ? `${texts.ssoOnlyHelp} ${texts.ssoOnlyBlocked}` : undefined}
        help={texts.ssoOnlyHelp}
        label={texts.ssoOnly}
      />
      <PartProblem read={mayManage ? managed : offered} title={unread.loginMethods} />
      {isBlocked && known && (
        <div className={styles.standing}>
          <p>{texts.standsInWay}</p>
          <ul>
            <Point isDone={standing.isSetUp}>{texts.standsSetUp}</Point>
            {standing.isTried !== undefined && <Point isDone={standing.isTried}>{texts.standsTried}</Point>}
            <Point isDone={standing.isSignedInThere}>{texts.standsSignedIn}</Point>
          </ul>
          {mayManage && !(standing.isSetUp && standing.isTried) ? (
            <Link className="target" params={{ account }} to="/a/$account/settings/login-methods">
              {texts.toLoginMethods}
            </Link>
          ) : (
            standing.isSetUp &&
            !standing.isSignedInThere && (
              <Link
                className="target"
                params={{ account }}
                search={{ return_to: location.pathname }}
                to="/sign-in/$account"
              >
                {texts.signInThere}
              </Link>
            )
          )}
        </div>
      )}
    </div>
  );
}

function Point({ isDone, children }: { isDone: boolean; children: string }) {
  return (
    <li className={classes(styles.point, isDone && styles.isDone)}>
      <Icon name={isDone ? "check" : "close"} size={14} />
      <span>
        {children} <span className="visually-hidden">{isDone ? texts.isDone : texts.isOpen}</span>
      </span>
    </li>
  );
}
