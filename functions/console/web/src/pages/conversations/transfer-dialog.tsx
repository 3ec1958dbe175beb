import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Case, type Conversation, type TransferBody, transfer } from "../../api/conversations";
import { desksOptions, type Seat } from "../../api/desks";
import { useMay } from "../../api/me";
import { allMembersOptions, type Member } from "../../api/members";
import { allTeamsOptions } from "../../api/teams";
import { folded } from "../../folded";
import { conversationTexts as texts } from "../../texts/en/conversations";
import { unread } from "../../texts/en/unread";
import {
  ConfirmDialog,
  FormDialog,
  PartProblem,
  ProblemView,
  RadioGroup,
  Skeleton,
  TextField,
  useForm,
} from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";
import styles from "./conversations.module.css";
import { limitMet, type Reader } from "./standing";
import { tell, tellLoss } from "./use-verbs";

interface Props {
  project: string;
  conversation: Conversation;
  routed: Case | null | undefined;
  reader: Reader;
  isOpen: boolean;
  onClose: () => void;
  onChanged: () => void;
}

/** Somebody to choose, or who has not accepted the invitation yet, or is suspended. */
type Choice = Seat & { status?: "pending" | "suspended" };

interface Values {
  kind: "member" | "team";
  member: string;
  team: string;
}

const BLANK: Values = { kind: "member", member: "", team: "" };
const SHOWN_MAX = 20;

const isFull = ({ load, limit }: Seat) => load >= limit;

/** Transfers a conversation to a member, or to a team; over the limit only after a question (U606). */
export function TransferDialog({ project, conversation, routed, reader, isOpen, onClose, onChanged }: Props) {
  const may = useMay();
  const desks = useQuery({ ...desksOptions, enabled: isOpen, staleTime: 0 });
  const mayTeams = may("teams.read");
  const listed = useQuery({ ...allTeamsOptions, enabled: isOpen && mayTeams });
  const teams = listed.data ?? [];
  const [isAsking, setAsking] = useState(false);
  const [met, setMet] = useState<{ name: string; load: number; limit: number }>();
  const members = useQuery({ ...allMembersOptions, enabled: isOpen && may("members.read") });
  const pending = pendingSeats(members.data ?? [], routed?.channel);
  const active = desks.data?.items.find(({ channel }) => channel === routed?.channel)?.members ?? [];
  const others = pending.filter(({ id }) => !active.some((seat) => seat.id === id));
  const seats: Choice[] = [...active, ...others].filter(({ id }) => id !== routed?.assigned_to?.id);
  const seatOf = (id: string) => seats.find((seat) => seat.id === id);
  const nameOf = ({ kind, member, team }: Values) =>
    (kind === "member" ? seatOf(member)?.name : teams.find(({ id }) => id === team)?.name) ?? "";
  const finish = (values: Values) => {
    onClose();
    tell(texts.transferred(nameOf(values)));
    onChanged();
  };

  const form = useForm<Values>({
    initial: BLANK,
    labels: { kind: texts.transferTo, member: texts.members, team: texts.team },
    apiNames: { member: "member_id", team: "team_id" },
    rules: {
      member: (member, { kind }) => (kind === "member" && member === "" ? texts.chooseMember : undefined),
      team: (team, { kind }) => (kind === "team" && team === "" ? texts.chooseTeam : undefined),
    },
    send: async (values) => {
      const seat = values.kind === "member" ? seatOf(values.member) : undefined;
      if (seat && isFull(seat)) {
        setMet({ name: seat.name, load: seat.load, limit: seat.limit });
        setAsking(true);
        return false;
      }
      await transfer(project, conversation.id, bodyOf(values));
      return true;
    },
    onDone: (isDone) => {
      if (isDone) finish(form.values);
    },
    onFailure: (error, values) => {
      const limit = limitMet(error);
      if (limit && reader.mayOverride && values.kind === "member") {
        setMet({ name: nameOf(values), ...limit });
        setAsking(true);
        return true;
      }
      if (!tellLoss(project, error)) return false;
      onClose();
      onChanged();
      return true;
    },
  });
  useOnOpen(isOpen, () => form.restart(BLANK));
  const anyway = async () => {
    await transfer(project, conversation.id, { member_id: form.values.member, override: true });
    finish(form.values);
  };
  const { kind, member, team } = form.values;
  const reading = kind === "member" ? desks : listed;
  const nobody = kind === "member" ? seats.length === 0 && texts.noMembers : teams.length === 0 && texts.noTeams;
  return (
    <>
      <FormDialog
        blocked={(reading.data !== undefined && nobody) || undefined}
        form={form}
        isGuarded={false}
        isOpen={isOpen}
        onClose={onClose}
        submit={texts.transferAction}
        title={texts.transferTitle}
      >
        {mayTeams && (
          <RadioGroup
            label={texts.transferTo}
            name="kind"
            onChange={(next) => form.set("kind", next === "team" ? "team" : "member")}
            options={[
              { value: "member", label: texts.toMember },
              { value: "team", label: texts.toTeam },
            ]}
            value={kind}
          />
        )}
        {reading.data === undefined ? (
          reading.error ? (
            <ProblemView error={reading.error} retry={() => void reading.refetch()} />
          ) : (
            <Skeleton rows={3} />
          )
        ) : kind === "member" ? (
          <>
            <MembersField
              error={form.errors.member}
              key={String(isOpen)}
              mayOverride={reader.mayOverride}
              onChange={(next) => form.set("member", next)}
              seats={seats}
              value={member}
            />
            <PartProblem read={members} title={unread.members} />
          </>
        ) : teams.length === 0 ? (
          <p className={styles.soft}>{texts.noTeams}</p>
        ) : (
          <RadioGroup
            error={form.errors.team}
            label={texts.team}
            name="team"
            onChange={(next) => form.set("team", next)}
            options={teams.map(({ id, name }) => ({ value: id, label: name }))}
            value={team}
          />
        )}
      </FormDialog>
      <ConfirmDialog
        action={texts.assignAnyway}
        isOpen={isAsking}
        kind="primary"
        onClose={() => setAsking(false)}
        onConfirm={anyway}
        title={met ? texts.atLimit(met.name, met.load, met.limit) : ""}
      >
        {texts.atLimitText}
      </ConfirmDialog>
    </>
  );
}

function bodyOf({ kind, member, team }: Values): TransferBody {
  return kind === "member" ? { member_id: member } : { team_id: team };
}

interface FieldProps {
  seats: readonly Choice[];
  value: string;
  onChange: (id: string) => void;
  error: string | undefined;
  mayOverride: boolean;
}

/** The members of a channel, with what each has; full ones are marked “3 of 3”. */
function MembersField({ seats, value, onChange, error, mayOverride }: FieldProps) {
  const [typed, setTyped] = useState("");
  const words = folded(typed).trim();
  const found = seats.filter(({ id, name }) => id === value || folded(name).includes(words));
  const shown = found.slice(0, SHOWN_MAX);
  if (seats.length === 0) return <p className={styles.soft}>{texts.noMembers}</p>;
  return (
    <>
      {seats.length > SHOWN_MAX && (
        <TextField
          autoComplete="off"
          label={texts.findMember}
          onChange={setTyped}
          onKeyDown={(event) => {
            // It searches by itself, and sends no form.
            if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault();
          }}
          value={typed}
        />
      )}
      <RadioGroup
        error={error}
        label={texts.members}
        name="member"
        onChange={onChange}
        options={shown.map((seat) => optionOf(seat, mayOverride))}
        value={value}
      />
      {found.length > shown.length && <p className={styles.soft}>{texts.moreMembers(found.length - shown.length)}</p>}
    </>
  );
}

function optionOf({ id, name, load, limit, presence, status }: Choice, mayOverride: boolean) {
  const isOut = presence === "inactive";
  const needs = load >= limit && !mayOverride ? texts.fullNeeds : undefined;
  const standing = presence === "available" ? undefined : texts.presence[presence];
  return {
    value: id,
    label: name,
    isDisabled: isOut || needs !== undefined,
    help: isOut
      ? texts.out[status ?? "inactive"]
      : [texts.loadOf(load, limit), standing, needs].filter(Boolean).join(" · "),
  };
}

/** Members who would answer on a channel, and have not accepted their invitation yet or are suspended. */
function pendingSeats(members: readonly Member[], channel: string | undefined): Choice[] {
  return members.flatMap(({ id, name, status, work }) => {
    const limit = channel === undefined ? undefined : work.channels[channel];
    if (limit === undefined || (status !== "pending" && status !== "suspended")) return [];
    return [{ id, name, limit, load: 0, presence: "inactive" as const, status }];
  });
}
