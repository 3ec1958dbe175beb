import { ProblemView } from "./states";

interface Read {
  data: unknown;
  error: unknown;
  refetch: () => unknown;
}

interface Props {
  /** Names what is missing. */
  title: string;
  /** The reads that the part depends on: all are tried again together. */
  read: Read | readonly Read[];
}

/** Stands where a part of a page or form is missing because what it depends on could not be read; nothing otherwise. */
export function PartProblem({ title, read }: Props) {
  const failed = [read].flat().filter(({ data, error }) => error && data === undefined);
  const [first] = failed;
  if (!first) return null;
  const retry = () => {
    for (const one of failed) void one.refetch();
  };
  return <ProblemView error={first.error} retry={retry} title={title} />;
}
