import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useMe } from "../../api/me";
import { muteProject, noticedProjectsOptions } from "../../api/notices";
import type { Project } from "../../api/projects";
import { profile as texts } from "../../texts/en/profile";
import { announce, errorText, FieldGroup, ProblemView, Skeleton, Switch, toasts } from "../../ui";
import styles from "./profile.module.css";

/** Projects of which notices can be switched off, as the API takes them. */
const MUTED_MAX = 100;

/** The projects that tell the person of new requests, each with its switch. Each choice is saved by itself. */
export function ProjectNotices({ areOn }: { areOn: boolean }) {
  const { accounts } = useMe();
  const { data, error, refetch } = useQuery(noticedProjectsOptions(accounts));
  const { isMuted, isFull, choose, stateOf } = useMuted();
  if (!data) return error ? <ProblemView error={error} retry={() => void refetch()} /> : <Skeleton rows={2} />;
  const blocked = (project: Project) => {
    if (!areOn) return texts.noticesOff;
    return isFull && !isMuted(project) ? texts.noticesFull : undefined;
  };
  return data.map((account) => (
    <FieldGroup key={account.id} label={texts.noticesOf(account.name)}>
      {account.projects.map((project) => (
        <div className={styles.project} key={project.id}>
          <Switch
            blocked={blocked(project)}
            changes
            isSelected={!isMuted(project)}
            label={<bdi>{project.name}</bdi>}
            onChange={(isOn) => choose(project, !isOn)}
          />
          <span aria-hidden="true" className={styles.status}>
            {stateOf(project)}
          </span>
        </div>
      ))}
    </FieldGroup>
  ));
}

/** Saves choices one after the other. What is shown meanwhile is the choice; a failure takes it back. */
function useMuted() {
  const { muted_projects } = useMe().preferences;
  const [pending, setPending] = useState<Readonly<Record<string, boolean>>>({});
  const [saved, setSaved] = useState<string>();
  const queue = useRef(Promise.resolve());

  const save = async (id: string, isMuted: boolean) => {
    try {
      await muteProject(id, isMuted);
      setSaved(id);
      announce(texts.saved);
    } catch (error) {
      toasts.failed(errorText(error));
    }
    // A later choice of the same is still to be saved.
    setPending((all) =>
      all[id] === isMuted ? Object.fromEntries(Object.entries(all).filter(([key]) => key !== id)) : all,
    );
  };

  return {
    isMuted: ({ id }: Project) => pending[id] ?? muted_projects.includes(id),
    isFull: muted_projects.length >= MUTED_MAX,
    choose: ({ id }: Project, isMuted: boolean) => {
      setSaved(undefined);
      setPending((all) => ({ ...all, [id]: isMuted }));
      queue.current = queue.current.then(() => save(id, isMuted));
    },
    stateOf: ({ id }: Project) => {
      if (id in pending) return texts.saving;
      return saved === id ? texts.saved : "";
    },
  };
}
