import { useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { formatDate, formatDateTime } from "../format";
import { printed as texts } from "../texts/en/printed";
import styles from "./idle-parts.module.css";

/** On paper, the time of printing, and in words what the list above which filters stand is restricted to (U162). */
export function PrintNote() {
  const [note, setNote] = useState<{ at: string; words: string[] }>();
  useEffect(() => {
    // The browser lays the page out for paper right after it asked.
    const write = () => flushSync(() => setNote({ at: new Date().toISOString(), words: filtersInWords() }));
    const paper = matchMedia("print");
    const change = () => paper.matches && write();
    addEventListener("beforeprint", write);
    paper.addEventListener("change", change);
    return () => {
      removeEventListener("beforeprint", write);
      paper.removeEventListener("change", change);
    };
  }, []);
  return (
    <div className={styles.paper} data-print-note>
      {note && (
        <>
          <p>{texts.at(formatDateTime(note.at))}</p>
          {note.words.map((words) => (
            <p key={words}>
              <bdi>{words}</bdi>
            </p>
          ))}
        </>
      )}
    </div>
  );
}

/** The part of the page that is shown, and each search, filter and order as the person sees it. */
function filtersInWords(): string[] {
  const parts = document.querySelectorAll('main a[aria-current="page"]');
  const controls = document.querySelectorAll<HTMLInputElement | HTMLSelectElement>(
    "main [data-filters] :is(input, select)",
  );
  return [
    ...[...parts].map(({ firstChild }) => firstChild?.textContent ?? ""),
    ...[...controls].flatMap((control) => {
      const name = control.labels?.[0]?.textContent;
      return name && control.value ? texts.filter(name, chosen(control)) : [];
    }),
  ];
}

function chosen(control: HTMLInputElement | HTMLSelectElement): string {
  if (control instanceof HTMLSelectElement) return control.selectedOptions[0]?.text ?? "";
  return control.type === "date" ? formatDate(`${control.value}T12:00`, {}) : control.value;
}
