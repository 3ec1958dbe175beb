import { storage } from "../../../storage";

const keyOf = (project: string) => `import.${project}`;

/** The latest import of a project that this browser began, so that the way back to it is offered. Holds an id only. */
export const remembered = {
  get: (project: string) => storage.get(keyOf(project)),
  set: (project: string, id: string) => storage.set(keyOf(project), id),
  forget: (project: string) => storage.set(keyOf(project), null),
};
