import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { endUserSearchOptions } from "../../api/end-user-search";
import { decisions } from "../../texts/en/decisions";
import { ProblemView, RadioGroup, TextField } from "../../ui";
import type { Suggested } from "./directory";
import styles from "./requests.module.css";

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

interface Props {
  project: string;
  /** Id of the user who is chosen. */
  endUser: string;
  onChange: (id: string) => void;
  error: string | undefined;
  maySearch: boolean;
  suggested?: Suggested;
}

/** Finds a user of the project; the suggested one stands first, with the reason. */
export function EndUserField({ endUser, onChange, error, project, suggested, maySearch }: Props) {
  const [typed, setTyped] = useState("");
  const [chosenName, setChosenName] = useState(suggested?.display_name ?? "");
  const words = useSettled(typed.trim());
  const {
    data: found,
    error: failure,
    isFetching,
    refetch,
  } = useQuery({
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
            help: suggested.reason === "same_phone" ? decisions.reasonPhone : decisions.reasonEmail,
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
          label={decisions.findUser}
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
          label={decisions.users}
          name="endUser"
          onChange={choose}
          options={options}
          value={endUser}
        />
      )}
      {options.length === 0 && error && <p className={styles.error}>{error}</p>}
      {failure && words !== "" && <ProblemView error={failure} retry={() => void refetch()} />}
      {words !== "" && found?.length === 0 && !isFetching && <p className={styles.hint}>{decisions.noUsers}</p>}
    </>
  );
}
