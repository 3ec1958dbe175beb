import { folded } from "../folded";
import type { Option } from "./field";

/** State of a combo box besides its value. */
export interface ComboBoxState {
  isOpen: boolean;
  /** Text in the field, once it is not the value's label. */
  typed?: string;
  /** Value of the option that Enter takes. */
  active?: string | undefined;
}

export const CLOSED: ComboBoxState = { isOpen: false };

type Options = readonly Option[];

/** The text in the field. A value without an option stands for itself. */
export function fieldText({ typed }: ComboBoxState, value: string, options: Options): string {
  return typed ?? options.find((option) => option.value === value)?.label ?? value;
}

/** The options whose label contains the typed text; all of them until something is typed. */
export function matching(options: Options, typed: string | undefined): Options {
  const words = folded(typed ?? "").trim();
  return words === "" ? options : options.filter(({ label }) => folded(label).includes(words));
}

/** The state after typing. */
export function typedText(options: Options, typed: string): ComboBoxState {
  const active = typed.trim() === "" ? undefined : matching(options, typed)[0]?.value;
  return { isOpen: true, typed, active };
}

/** The state after an arrow key: opens at the value, or moves by one option and on from the last to the first. */
export function stepped(state: ComboBoxState, value: string, options: Options, by: 1 | -1): ComboBoxState {
  const shown = matching(options, state.typed);
  const place = shown.findIndex((option) => option.value === (state.isOpen ? state.active : value));
  const isOpening = !state.isOpen && place >= 0;
  const start = place < 0 && by < 0 ? 0 : place;
  const next = isOpening ? place : (start + by + shown.length) % shown.length;
  return { ...state, isOpen: true, active: shown[next]?.value };
}

/** The value after leaving the field without a choice from the list. */
export function valueOnLeaving({ typed }: ComboBoxState, value: string, options: Options): string {
  if (typed === undefined) return value;
  const words = folded(typed).trim();
  if (words === "") return "";
  return options.find(({ label }) => folded(label).trim() === words)?.value ?? value;
}
