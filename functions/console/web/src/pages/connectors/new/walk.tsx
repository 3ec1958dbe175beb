import { Link } from "@tanstack/react-router";
import { useAccount } from "../../../api/me";
import { useProjectId } from "../../../frame/project-id";
import { connectorTexts as texts } from "../../../texts/en/connectors";
import styles from "../connectors.module.css";

/** The steps after the platform was chosen. The connector is made at the end of the first. */
export const STEPS = ["fields", "address", "test", "policy"] as const;
export type Step = (typeof STEPS)[number];

interface Props {
  provider: string;
  connector: string | undefined;
  current: Step;
}

/** Shows the steps to a connector; those after the first can be chosen once it is made. */
export function Walk({ provider, connector, current }: Props) {
  const account = useAccount().id;
  const project = useProjectId();
  return (
    <nav aria-label={texts.walk}>
      <ol className={styles.walk}>
        {STEPS.map((step) => (
          <li key={step}>
            {step === current ? (
              <span aria-current="step">{texts.walkSteps[step]}</span>
            ) : step !== "fields" && connector ? (
              <Link
                className="target"
                params={{ account, project, provider }}
                search={{ connector, step }}
                to="/a/$account/p/$project/connectors/new/$provider"
              >
                {texts.walkSteps[step]}
              </Link>
            ) : (
              texts.walkSteps[step]
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
