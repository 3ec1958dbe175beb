import { type FormEvent, useRef, useState } from "react";
import { ApiProblem } from "../api/problems";

type Messages<Values> = Partial<Record<keyof Values & string, string>>;
type Rule<Value, Values> = (value: Value, values: Values) => string | undefined;

export interface FormOptions<Values, Result> {
  initial: Values;
  /** The visible label of each field, in the order on the page. */
  labels: Record<keyof Values & string, string>;
  /** Answers the message of the rule that a value breaks. Checked on leaving the field, and all at submit. */
  rules?: { [Name in keyof Values]?: Rule<Values[Name], Values> };
  /** The API's name of a field, where it differs: `{ ssoOnly: "rules.sso_only" }`. */
  apiNames?: Partial<Record<keyof Values & string, string>>;
  /** Sends the values. The key belongs to this form, for the `Idempotency-Key` of a create: a repetition creates nothing new. */
  send: (values: Values, idempotencyKey: string) => Promise<Result>;
  /** Called after a success, when leaving no longer asks. */
  onDone?: (result: Result) => void;
  /** Handles a failure that the form itself cannot show, and answers whether it did. */
  onFailure?: (error: unknown, values: Values) => boolean;
}

/** The message of a rule of the API: one that begins like a sentence stands alone, anything else follows the name of the field. */
export function complaintOf(label: string, rule: string): string {
  return /^\p{Lu}/u.test(rule) ? rule : `${label} ${rule}`;
}

/** The state of a form. Show it with `Form`, its fields with `{...form.text("email")}` or `{...form.check("send")}`. */
export function useForm<Values extends object, Result = unknown>(options: FormOptions<Values, Result>) {
  type Name = keyof Values & string;
  const { initial, labels, rules, apiNames, send, onDone, onFailure } = options;
  const names = Object.keys(labels) as Name[];
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<Messages<Values>>({});
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const [idempotencyKey, setKey] = useState(() => crypto.randomUUID() as string);
  const saved = useRef(initial);
  const element = useRef<HTMLFormElement>(null);
  const latest = useRef(values);
  latest.current = values;

  const isDirty = () => JSON.stringify(latest.current) !== JSON.stringify(saved.current);

  const set = <Key extends Name>(name: Key, value: Values[Key]) => {
    latest.current = { ...latest.current, [name]: value };
    setValues(latest.current);
    if (errors[name]) setErrors({ ...errors, [name]: undefined });
  };

  const brokenRule = (name: Name): string | undefined => rules?.[name]?.(latest.current[name], latest.current);

  const check = (name: Name) => setErrors((shown) => ({ ...shown, [name]: brokenRule(name) }));

  const focus = (name: string) => {
    const control = element.current?.elements.namedItem(name);
    const first = control instanceof RadioNodeList ? control[0] : control;
    if (first instanceof HTMLElement) first.focus();
  };

  const show = (messages: Messages<Values>) => {
    setErrors(messages);
    const first = names.find((name) => messages[name]);
    // After the message is there, so that it is read with the field.
    if (first) requestAnimationFrame(() => focus(first));
  };

  /** Takes the API's complaints about fields; answers whether each belongs to a field here. */
  const takeFieldErrors = (problem: ApiProblem): boolean => {
    const messages: Messages<Values> = {};
    let isComplete = true;
    for (const { field, rule } of problem.body.errors ?? []) {
      const name = names.find((known) => {
        const apiName = apiNames?.[known] ?? known;
        return field === apiName || field.startsWith(`${apiName}.`) || field.startsWith(`${apiName}[`);
      });
      if (name) messages[name] ??= complaintOf(labels[name], rule);
      else isComplete = false;
    }
    show(messages);
    return isComplete && Object.keys(messages).length > 0;
  };

  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (isBusy) return;
    setFailure(undefined);
    const messages: Messages<Values> = {};
    for (const name of names) messages[name] = brokenRule(name);
    show(messages);
    if (names.some((name) => messages[name])) return;
    setBusy(true);
    try {
      const result = await send(latest.current, idempotencyKey);
      saved.current = latest.current;
      onDone?.(result);
    } catch (error) {
      // A refused create made nothing, so the corrected one is another. A failed one may have made it.
      if (error instanceof ApiProblem && error.status < 500) setKey(crypto.randomUUID());
      const isShown = error instanceof ApiProblem && takeFieldErrors(error);
      if (!isShown && !onFailure?.(error, latest.current)) setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  /** Begins anew with other values, such as those that were saved or that somebody else set. */
  const restart = (next: Values = initial) => {
    saved.current = next;
    latest.current = next;
    setValues(next);
    setErrors({});
    setFailure(undefined);
    setKey(crypto.randomUUID());
  };

  return {
    values,
    errors,
    labels,
    failure,
    isBusy,
    isDirty,
    /** Whether one field differs from what was saved. */
    isChanged: (name: Name) => values[name] !== saved.current[name],
    element,
    set,
    focus,
    submit,
    restart,
    setFailure,
    /** Puts a message below a field, from outside the rules. */
    complain: (name: Name, message: string) => show({ ...errors, [name]: message }),
    /** Properties of a field whose value is text. */
    text: (name: Name) => ({
      name,
      value: String(values[name] ?? ""),
      onChange: (value: string) => set(name, value as Values[Name]),
      onBlur: () => {
        // Passing through an empty form complains about nothing, and a message stays until its value changes: the API's may hold a link.
        if (latest.current[name] !== saved.current[name] && !errors[name]) check(name);
      },
      error: errors[name],
    }),
    /** Properties of a checkbox or switch. */
    check: (name: Name) => ({
      name,
      isSelected: Boolean(values[name]),
      onChange: (value: boolean) => set(name, value as Values[Name]),
    }),
  };
}

export type FormState = Pick<
  // biome-ignore lint/suspicious/noExplicitAny: the parts that `Form` shows do not depend on the values
  ReturnType<typeof useForm<any, any>>,
  "errors" | "labels" | "failure" | "isBusy" | "isDirty" | "element" | "focus" | "submit"
>;
