import type { Connector } from "../../api/connectors";
import { useMay } from "../../api/me";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { Switch } from "../../ui";
import { meaningOf } from "./connector";
import styles from "./connectors.module.css";

interface Props {
  connector: Connector;
  /** Asks before it is changed; the toggle moves when the API has answered. */
  onToggle: () => void;
  /** Names the connector, where several toggles stand on one page. */
  isNamed?: boolean;
}

/** The toggle “Onboarding” with what it means, or the words for a policy that has no toggle (U301, U306). */
export function OnboardingToggle({ connector, onToggle, isNamed }: Props) {
  const mayChange = useMay()("connectors.write");
  const { policy, name } = connector;
  return (
    <div className={styles.toggle}>
      {policy === "AllowList" ? (
        <div>
          <p className={styles.directory}>{texts.directoryOnly}</p>
          <p className={styles.soft}>{meaningOf(policy)}</p>
        </div>
      ) : (
        <Switch
          blocked={mayChange ? undefined : `${meaningOf(policy)} ${texts.noRight}`}
          changes
          help={meaningOf(policy)}
          isSelected={policy === "OnBoarding"}
          label={
            <>
              {texts.onboarding}
              {isNamed && <span className="visually-hidden"> {name}</span>}
            </>
          }
          onChange={onToggle}
        />
      )}
      {policy !== "AllowList" && (
        <details className={styles.whenOff}>
          <summary>{texts.whenOff}</summary>
          <ul className={styles.points}>
            {texts.whenOffPoints.map((point) => (
              <li key={point}>{point}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
