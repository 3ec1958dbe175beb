import type { Named } from "../../api/end-users";
import { useMay } from "../../api/me";
import { decisions } from "../../texts/en/decisions";
import { RadioGroup } from "../../ui";
import type { DirectoryValues, Suggested } from "./directory";
import { EndUserField } from "./end-user-field";
import styles from "./requests.module.css";

interface Props {
  values: DirectoryValues;
  error: string | undefined;
  onDirectory: (directory: DirectoryValues["directory"]) => void;
  onEndUser: (id: string) => void;
  project: string;
  /** The user whom the person belongs to already. */
  linked: Named | null | undefined;
  /** The user whom the person may be; undefined where nobody looked. */
  suggested: Suggested;
}

/** Whether the person becomes a user, one who is there, or none (B38). */
export function DirectoryField({ values, error, onDirectory, onEndUser, project, linked, suggested }: Props) {
  const may = useMay();
  if (linked) return <p className={styles.hint}>{decisions.linkedAlready(linked.display_name)}</p>;
  const mayLink = may("end_users.write");
  const maySearch = mayLink && may("end_users.read");
  const byNumber = byNumberOption(suggested, mayLink);
  return (
    <>
      <RadioGroup
        label={decisions.directory}
        name="directory"
        onChange={(value) => onDirectory(value as DirectoryValues["directory"])}
        options={[
          ...(byNumber ? [byNumber] : []),
          ...(suggested === undefined
            ? []
            : [{ value: "create_new", label: decisions.addNew, help: decisions.addNewHelp }]),
          ...(maySearch || (mayLink && suggested) ? [{ value: "add_to_existing", label: decisions.addExisting }] : []),
          { value: "none", label: decisions.addNone, help: decisions.addNoneHelp },
        ]}
        value={values.directory}
      />
      {values.directory === "add_to_existing" && (
        <div className={styles.existing}>
          <EndUserField
            endUser={values.endUser}
            error={error}
            maySearch={maySearch}
            onChange={onEndUser}
            project={project}
            suggested={suggested}
          />
        </div>
      )}
    </>
  );
}

/** The choice that leaves it to the API, where that is one. */
function byNumberOption(suggested: Suggested, mayLink: boolean) {
  const value = "by_number";
  if (suggested === undefined) return { value, label: decisions.addNew, help: decisions.addByNumberHelp };
  if (suggested?.reason !== "same_phone" || mayLink) return undefined;
  return { value, label: decisions.addTo(suggested.display_name), help: decisions.reasonPhone };
}
