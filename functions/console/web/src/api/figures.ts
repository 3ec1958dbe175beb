import { keepPreviousData } from "@tanstack/react-query";
import { client } from "./client";
import { readOptions } from "./query";
import type { components } from "./schema";

/** Figures of some days. */
export type Figures = components["schemas"]["FiguresResponse"];
/** Lengths of several times: their number, mean and percentiles. */
export type Spread = components["schemas"]["SpreadResponse"];
/** A day with its figures. */
export type FigureDay = components["schemas"]["DayResponse"];
/** A member with the conversations that they have now. */
export type MemberLoad = components["schemas"]["MemberLoadResponse"];

export interface FigureFilter {
  from: string;
  to: string;
  client_id?: string | undefined;
  channel?: string | undefined;
  team_id?: string | undefined;
}

/** The figures of a project. Those of before stay in sight while others are read. */
export function figuresOptions(project: string, filter: FigureFilter) {
  const options = readOptions(["figures", project, filter], (signal) =>
    client.GET("/v1/projects/{project_id}/figures", {
      params: { path: { project_id: project }, query: filter },
      signal,
    }),
  );
  return { ...options, placeholderData: keepPreviousData };
}
