import { useEffect, useRef, useState } from "react";
import { useLastEditor } from "../../api/audit";
import { isProblem, type Tagged } from "../../api/problems";
import { type ConflictingField, type FormOptions, useForm } from "../../ui";
import { useOnOpen } from "../../ui/use-on-open";

interface Options<Item, Values extends object> extends Omit<FormOptions<Values, Item>, "send" | "onDone"> {
  /** Kind and id of the record in the audit log, such as `role:01JD…`. */
  target: string;
  /** The version that the form begins with; undefined to make a record. */
  record: Tagged<Item> | undefined;
  valuesOf: (item: Item) => Values;
  read: () => Promise<Tagged<Item>>;
  /** Saves what differs from the version that the form began with. */
  update: (values: Values, before: Tagged<Item>) => Promise<Tagged<Item>>;
  create?: (values: Values, idempotencyKey: string) => Promise<Item>;
  /** The fields in which two people's wishes differ, in words. */
  differences: (mine: Values, theirs: Values) => ConflictingField[];
  onDone: (saved: Item) => void;
}

interface Conflict<Values> {
  theirs: Values;
  by: string | undefined;
}

/**
 * The form of one record. What others save meanwhile does not slip in unseen: `conflict`, for the `ConflictDialog`, asks which
 * values count (U132).
 */
export function useRecordForm<Item, Values extends object>(options: Options<Item, Values>) {
  const { target, record, valuesOf, read, update, create, differences, onDone, onFailure, ...rest } = options;
  const base = useRef(record);
  const [conflict, setConflict] = useState<Conflict<Values>>();
  const [isAsking, setAsking] = useState(false);
  const findEditor = useLastEditor();

  /** Begins anew with a version. */
  const begin = (version: Tagged<Item>) => {
    base.current = version;
    form.restart(valuesOf(version.value));
  };
  /** Takes the version that was read, without touching what was typed. */
  const learn = (now: Tagged<Item>) => {
    if (!form.isDirty()) begin(now);
    else if (base.current) base.current = { value: base.current.value, etag: now.etag };
  };
  const send = async (values: Values, idempotencyKey: string): Promise<Item> => {
    if (create && !base.current) return create(values, idempotencyKey);
    if (!base.current?.etag) learn(await read());
    if (!base.current) throw new Error("there is no version to change");
    base.current = await update(values, base.current);
    return base.current.value;
  };
  const finish = (saved: Item) => {
    form.restart(valuesOf(saved));
    onDone(saved);
  };
  const compare = async (mine: Values) => {
    const [now, by] = await Promise.all([read(), findEditor(target)]);
    base.current = now;
    const theirs = valuesOf(now.value);
    if (differences(mine, theirs).length === 0) return finish(now.value);
    setConflict({ theirs, by });
    setAsking(true);
  };
  /** Compares if the record changed meanwhile; answers whether it did. */
  const meet = (error: unknown, values: Values): boolean => {
    if (!base.current || !isProblem(error, "precondition-failed", "changed-meanwhile")) return false;
    compare(values).catch((failure: unknown) => form.setFailure(failure));
    return true;
  };

  const form = useForm<Values, Item>({
    ...rest,
    send,
    onDone: finish,
    onFailure: (error, values) => meet(error, values) || (onFailure?.(error, values) ?? false),
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a newer version matters
  useEffect(() => {
    if (record?.etag && record.etag !== base.current?.etag && !form.isDirty()) begin(record);
  }, [record?.etag]);

  return {
    form,
    begin,
    learn,
    /** Begins anew with the version that is known. */
    undo: () => base.current && begin(base.current),
    /** Saves values outside of a submit, such as after a question. */
    save: async (values: Values) => {
      try {
        finish(await send(values, ""));
      } catch (error) {
        if (!meet(error, values)) throw error;
      }
    },
    /** Properties of the `ConflictDialog`. */
    conflict: {
      by: conflict?.by,
      fields: conflict ? differences(form.values, conflict.theirs) : [],
      isOpen: isAsking,
      onClose: () => setAsking(false),
      onKeepMine: async () => {
        try {
          finish(await send(form.values, ""));
        } catch (error) {
          // Somebody may have saved once more while the question stood there.
          if (!meet(error, form.values) && !onFailure?.(error, form.values)) throw error;
        }
      },
      onTakeTheirs: () => conflict && form.restart(conflict.theirs),
    },
  };
}

interface DialogOptions<Item, Values extends object> extends Omit<Options<Item, Values>, "record" | "initial"> {
  isOpen: boolean;
  onClose: () => void;
  /** The record as the list shows it; undefined to make one. */
  item: Item | undefined;
  /** Values of a new record. */
  blank: Values;
}

/** The form of one record in a dialog. It begins anew each time the dialog opens, and closes it when it is done. */
export function useRecordDialog<Item, Values extends object>(options: DialogOptions<Item, Values>) {
  const { isOpen, onClose, item, blank, ...rest } = options;
  const listed = item && { value: item, etag: undefined };
  const editing = useRecordForm({
    ...rest,
    record: listed,
    initial: item ? rest.valuesOf(item) : blank,
    onDone: (saved) => {
      rest.onDone(saved);
      onClose();
    },
  });
  useOnOpen(isOpen, () => {
    if (!listed) return editing.form.restart(blank);
    editing.begin(listed);
    // The list has no versions; the form goes on with the one that is read now.
    rest.read().then(editing.learn, (failure: unknown) => editing.form.setFailure(failure));
  });
  return editing;
}
