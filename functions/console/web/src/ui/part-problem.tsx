import { useState } from "react";
import { type Read, useLastError } from "./last-error";
import { ProblemView } from "./states";

interface Props {
  /** Names what is missing. */
  title: string;
  /** The read that the part depends on. */
  read: Read;
}

/**
 * Stands where a part of a page or form is missing because what it depends on could not be read; nothing otherwise. It stays while that is
 * read again, so that neither it nor the focus comes and goes with each poll.
 */
export function PartProblem({ title, read }: Props) {
  const error = useLastError(read);
  const [isTrying, setTrying] = useState(false);
  if (!error) return null;
  const retry = async () => {
    setTrying(true);
    await read.refetch();
    setTrying(false);
  };
  return <ProblemView error={error} isTrying={isTrying} retry={() => void retry()} title={title} />;
}
