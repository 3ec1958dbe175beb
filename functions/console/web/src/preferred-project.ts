/** The project that was shown last, if it is still there, or the first. */
export function preferredProject(projects: readonly { id: string }[], last: string | null): string | undefined {
  return (projects.find(({ id }) => id === last) ?? projects[0])?.id;
}

/** The same page of another project: lists stay, a record of the first one does not exist in the second. */
export function samePage(pathname: string, project: string): string {
  const [, before, kept] = /^(.*\/p\/)[^/]+(?:\/(settings\/[^/]+|[^/]+))?/.exec(pathname) ?? [];
  return before === undefined ? pathname : `${before}${project}/${kept ?? "requests"}`;
}
