import type { ComponentProps } from "react";
import { newPassword as texts } from "../../texts/en/password";
import { classes } from "../../ui/classes";
import { Icon } from "../../ui/icon";
import { later, useLater } from "../../ui/loading";
import { PasswordField } from "../../ui/password-field";
import styles from "./new-password-field.module.css";
import { brokenRule, countCharacters, type Owner, type PasswordRule } from "./rules";

const list = later(() => import("./common"));

const MESSAGES: Record<PasswordRule, string> = {
  short: texts.tooShort,
  long: texts.tooLong,
  common: texts.tooCommon,
  known: texts.tooKnown,
};

/** The message of the rule that a new password breaks, for the rules of a form. */
export function newPasswordMessage(password: string, owner: Owner): string | undefined {
  const rule = brokenRule(password, owner, list.loaded()?.common ?? []);
  return rule && MESSAGES[rule];
}

interface Props extends Omit<ComponentProps<typeof PasswordField>, "help" | "autoComplete"> {
  owner: Owner;
}

/** A field for a password that is chosen now. Says while typing which rules are met. */
export function NewPasswordField({ owner, ...field }: Props) {
  const module = useLater(list, true);
  const broken = brokenRule(field.value, owner, module?.common ?? []);
  const isLong = broken !== "short" && broken !== "long";
  const count = countCharacters(field.value);
  return (
    <PasswordField
      {...field}
      autoComplete="new-password"
      help={
        <ul aria-label={texts.rules} className={styles.rules}>
          <Rule isMet={isLong} text={count > 0 && count < 15 ? texts.lengthSoFar(count) : texts.length} />
          <Rule isBroken={broken === "common"} isMet={isLong && broken !== "common"} text={texts.common} />
          <Rule isBroken={broken === "known"} isMet={isLong && broken === undefined} text={texts.known} />
        </ul>
      }
    />
  );
}

function Rule({ isMet, isBroken, text }: { isMet: boolean; isBroken?: boolean; text: string }) {
  return (
    <li className={classes(styles.rule, isMet && styles.met, isBroken && styles.broken)}>
      {isMet || isBroken ? <Icon name={isMet ? "check" : "close"} size={14} /> : <span className={styles.dot} />}
      <span>
        {text}
        <span className="visually-hidden">: {isMet ? texts.met : texts.notMet}</span>
      </span>
    </li>
  );
}
