import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { endUserSearchOptions } from "../../api/end-user-search";
import type { Named } from "../../api/end-users";
import { useMay } from "../../api/me";
import { requests as texts } from "../../texts/en/requests";
import { RadioGroup, TextField } from "../../ui";
import type { DirectoryValues, Suggested } from "./directory";
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
  if (linked) return <p className={styles.hint}>{texts.linkedAlready(linked.display_name)}</p>;
  const mayLink = may("end_users.write");
  const maySearch = mayLink && may("end_users.read");
  const byNumber = byNumberOption(suggested, mayLink);
  return (
    <>
      <RadioGroup
        label={texts.directory}
        name="directory"
        onChange={(value) => onDirectory(value as DirectoryValues["directory"])}
        options={[
          ...(byNumber ? [byNumber] : []),
          ...(suggested === undefined ? [] : [{ value: "create_new", label: texts.addNew, help: texts.addNewHelp }]),
          ...(maySearch || (mayLink && suggested) ? [{ value: "add_to_existing", label: texts.addExisting }] : []),
          { value: "none", label: texts.addNone, help: texts.addNoneHelp },
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
  if (suggested === undefined) return { value, label: texts.addNew, help: texts.addByNumberHelp };
  if (suggested?.reason !== "same_phone" || mayLink) return undefined;
  return { value, label: texts.addTo(suggested.display_name), help: texts.reasonPhone };
}

const PAUSE = 500;

/** A text once nobody has typed for a while. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

interface EndUserProps extends Pick<Props, "project" | "suggested" | "error"> {
  endUser: string;
  onChange: (id: string) => void;
  maySearch: boolean;
}

/** Finds the user to add to; the suggested one stands first, with the reason. */
function EndUserField({ endUser, onChange, error, project, suggested, maySearch }: EndUserProps) {
  const [typed, setTyped] = useState("");
  const [chosenName, setChosenName] = useState(suggested?.display_name ?? "");
  const words = useSettled(typed.trim());
  const { data: found, isFetching } = useQuery({
    ...endUserSearchOptions(project, words),
    enabled: maySearch && words !== "",
  });
  const matches = words === "" ? [] : (found ?? []);
  const options = [
    ...(suggested
      ? [
          {
            value: suggested.id,
            label: suggested.display_name,
            help: suggested.reason === "same_phone" ? texts.reasonPhone : texts.reasonEmail,
          },
        ]
      : []),
    ...matches
      .filter(({ id }) => id !== suggested?.id)
      .map(({ id, full_name, email, phone_display }) => ({
        value: id,
        label: full_name || phone_display || email || id,
        help: [phone_display, email].filter(Boolean).join(" · ") || undefined,
      })),
  ];
  // The choice stays in sight while the search goes on.
  if (endUser && !options.some(({ value }) => value === endUser)) {
    options.push({ value: endUser, label: chosenName, help: undefined });
  }
  const choose = (id: string) => {
    setChosenName(options.find(({ value }) => value === id)?.label ?? "");
    onChange(id);
  };
  return (
    <>
      {maySearch && (
        <TextField
          autoComplete="off"
          label={texts.findUser}
          onChange={setTyped}
          onKeyDown={(event) => {
            // It searches by itself, and sends no form.
            if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault();
          }}
          value={typed}
        />
      )}
      {options.length > 0 && (
        <RadioGroup
          error={error}
          label={texts.users}
          name="endUser"
          onChange={choose}
          options={options}
          value={endUser}
        />
      )}
      {options.length === 0 && error && <p className={styles.error}>{error}</p>}
      {words !== "" && found?.length === 0 && !isFetching && <p className={styles.hint}>{texts.noUsers}</p>}
    </>
  );
}
