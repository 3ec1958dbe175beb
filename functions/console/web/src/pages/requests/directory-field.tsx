import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { AccessRequest } from "../../api/access-requests";
import { endUserSearchOptions } from "../../api/end-user-search";
import { useMay } from "../../api/me";
import { requests as texts } from "../../texts/en/requests";
import { RadioGroup, TextField, type useForm } from "../../ui";
import type { DecisionValues } from "./decision";
import styles from "./requests.module.css";

type DecisionForm = Pick<ReturnType<typeof useForm<DecisionValues>>, "values" | "errors" | "set">;

interface Props {
  form: DecisionForm;
  project: string;
  request: AccessRequest;
}

/** Whether the person becomes a user, one who is there, or none (B38). */
export function DirectoryField({ form, project, request }: Props) {
  const may = useMay();
  const { suggested_end_user: suggested, end_user: linked } = request;
  if (linked) return <p className={styles.hint}>{texts.linkedAlready(linked.display_name)}</p>;
  const maySearch = may("end_users.read");
  const { directory } = form.values;
  return (
    <>
      <RadioGroup
        label={texts.directory}
        name="directory"
        onChange={(value) => form.set("directory", value as DecisionValues["directory"])}
        options={[
          { value: "create_new", label: texts.addNew, help: texts.addNewHelp },
          ...(maySearch || suggested ? [{ value: "add_to_existing", label: texts.addExisting }] : []),
          { value: "none", label: texts.addNone, help: texts.addNoneHelp },
        ]}
        value={directory}
      />
      {directory === "add_to_existing" && (
        <div className={styles.existing}>
          <EndUserField form={form} maySearch={maySearch} project={project} suggested={suggested} />
        </div>
      )}
    </>
  );
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

interface EndUserProps extends Pick<Props, "form" | "project"> {
  suggested: AccessRequest["suggested_end_user"];
  maySearch: boolean;
}

/** Finds the user to add to; the suggested one stands first, with the reason. */
function EndUserField({ form, project, suggested, maySearch }: EndUserProps) {
  const [typed, setTyped] = useState("");
  const [chosenName, setChosenName] = useState(suggested?.display_name ?? "");
  const words = useSettled(typed.trim());
  const { data: found, isFetching } = useQuery({
    ...endUserSearchOptions(project, words),
    enabled: maySearch && words !== "",
  });
  const { endUser } = form.values;
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
    form.set("endUser", id);
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
          error={form.errors.endUser}
          label={texts.users}
          name="endUser"
          onChange={choose}
          options={options}
          value={endUser}
        />
      )}
      {options.length === 0 && form.errors.endUser && <p className={styles.error}>{form.errors.endUser}</p>}
      {words !== "" && found?.length === 0 && !isFetching && <p className={styles.hint}>{texts.noUsers}</p>}
    </>
  );
}
