import { type Environment, readEnvironmentsAgain, testAgent } from "../../api/environments";
import { useProjectId } from "../../frame/project-id";
import { environments as texts } from "../../texts/en/environments";
import { Outcome } from "../test-call/outcome";
import { TestForm } from "../test-call/test-form";
import { useTestCall } from "../test-call/use-test-call";
import styles from "./environments.module.css";

const TONES = {
  ok: "good",
  malformed: "warn",
  refused: "bad",
  unreachable: "bad",
  forbidden: "bad",
} as const;

/** Sends a test delivery, and shows how the agent answered. */
export function TestSection({ environment }: { environment: Environment }) {
  const project = useProjectId();
  const test = useTestCall(
    async () => {
      const outcome = await testAgent(project, environment.id);
      void readEnvironmentsAgain(project);
      return outcome;
    },
    ({ status }) => texts.outcomes[status],
  );
  const { outcome } = test;
  return (
    <TestForm test={test} texts={texts}>
      {outcome && (
        <Outcome outcome={outcome} said={texts.outcomes[outcome.status]} texts={texts} tone={TONES[outcome.status]}>
          {outcome.replies.length > 0 && <Replies replies={outcome.replies} />}
        </Outcome>
      )}
    </TestForm>
  );
}

function Replies({ replies }: { replies: readonly string[] }) {
  return (
    <div>
      <p>{texts.replies}</p>
      <ul className={styles.replies}>
        {replies.map((reply, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the answer does not change
          <li dir="auto" key={index}>
            {reply}
          </li>
        ))}
      </ul>
    </div>
  );
}
