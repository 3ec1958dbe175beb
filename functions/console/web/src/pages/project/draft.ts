import type { UpdateProject } from "../../api/project";
import type { Project } from "../../api/projects";
import { project as texts } from "../../texts/en/project";
import type { ConflictingField, FormOptions } from "../../ui";

/** Values of the form of a project. */
export interface Draft {
  name: string;
  days: string;
}

export const LABELS = { name: texts.name, days: texts.historyDays } as const;
export const API_NAMES = { days: "history_days" } as const;

export function draftOf(project: Pick<Project, "name" | "history_days">): Draft {
  return { name: project.name, days: String(project.history_days) };
}

export const RULES: NonNullable<FormOptions<Draft, unknown>["rules"]> = {
  name: (name) => (name.trim() ? undefined : texts.nameRequired),
  days: (days) => (/^\s*\d+\s*$/.test(days) && Number(days) <= 365 ? undefined : texts.daysRule),
};

export function changeOf(before: Draft, wanted: Draft): UpdateProject {
  const change: UpdateProject = {};
  if (before.name !== wanted.name.trim()) change.name = wanted.name.trim();
  if (Number(before.days) !== Number(wanted.days)) change.history_days = Number(wanted.days);
  return change;
}

/** Whether saving erases messages that are kept now. */
export function erasesMessages(before: Draft, wanted: Draft): boolean {
  return Number(wanted.days) < Number(before.days);
}

export function differences(mine: Draft, theirs: Draft): ConflictingField[] {
  return (["name", "days"] as const)
    .filter((name) => mine[name].trim() !== theirs[name].trim())
    .map((name) => ({ label: LABELS[name], mine: mine[name], theirs: theirs[name] }));
}
