import { ProjectSwitcher } from "../../frame/project-switcher";
import { useProjects, useShownProject } from "../../frame/use-project";
import { common } from "../../texts/en/common";
import { endUsers as texts } from "../../texts/en/end-users";
import { Button, EmptyState, Row } from "../../ui";
import styles from "./users.module.css";

interface Props {
  q: string;
  isFiltered: boolean;
  onClear: () => void;
  onClearFilters: () => void;
}

/** Suggestions when a search finds nobody (U403). */
export function NothingFound({ q, isFiltered, onClear, onClearFilters }: Props) {
  const project = useShownProject();
  const hasOthers = useProjects().length > 1;
  return (
    <EmptyState
      action={
        <Row>
          <Button onClick={onClear}>{texts.clearSearch}</Button>
          {isFiltered && <Button onClick={onClearFilters}>{common.clearFilters}</Button>}
        </Row>
      }
      title={<bdi>{texts.nothingTitle(q)}</bdi>}
    >
      <ul className={styles.advice}>
        <li>{texts.nothing.spelling}</li>
        <li>{texts.nothing.part}</li>
        {isFiltered && <li>{texts.nothing.filters}</li>}
        <li>
          {texts.nothing.project(project?.name ?? "")}
          {hasOthers && (
            <span className={styles.switcher}>
              <ProjectSwitcher />
            </span>
          )}
        </li>
      </ul>
    </EmptyState>
  );
}
