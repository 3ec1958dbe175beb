import { useNavigate, useSearch } from "@tanstack/react-router";

/** Whether the form of a new project is open, which stands in the address of every page of an account, and how to open it. */
export function useNewProject(): { isOpen: boolean; open: (isOpen: boolean) => void } {
  const navigate = useNavigate();
  const isOpen = useSearch({ strict: false, select: (search) => search.new_project }) ?? false;
  return {
    isOpen,
    open: (next) =>
      void navigate({
        to: ".",
        search: (now) => ({ ...now, new_project: next || undefined }),
        replace: !next,
        resetScroll: false,
      }),
  };
}
