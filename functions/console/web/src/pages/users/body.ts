import type { CreateEndUser, EndUser, EndUserSource, UpdateEndUser } from "../../api/end-users";
import type { Environment } from "../../api/environments";
import { formatList } from "../../format";
import { endUsers as texts } from "../../texts/en/end-users";
import type { ConflictingField, FormOptions } from "../../ui";

/** Values of the form of a user. */
export interface UserValues {
  phone: string;
  email: string;
  first: string;
  middle: string;
  last: string;
  environments: string[];
}

export const BLANK: UserValues = { phone: "", email: "", first: "", middle: "", last: "", environments: [] };

export const LABELS = {
  phone: texts.phoneNumber,
  email: texts.email,
  first: texts.firstName,
  middle: texts.middleName,
  last: texts.lastName,
  environments: texts.environments,
} as const satisfies Record<keyof UserValues, string>;

export const API_NAMES = {
  first: "first_name",
  middle: "middle_name",
  last: "last_name",
  environments: "environment_ids",
} as const satisfies Partial<Record<keyof UserValues, string>>;

export function valuesOf(user: EndUser): UserValues {
  return {
    phone: user.phone_display ?? user.phone ?? "",
    email: user.email ?? "",
    first: user.first_name ?? "",
    middle: user.middle_name ?? "",
    last: user.last_name ?? "",
    environments: user.environments.map(({ id }) => id).sort(),
  };
}

const DIGITS_MIN = 10;
const NAME_MAX = 100;

/** Whether a text can be a phone number in international format; the API knows the rules of each country. */
export function canBePhone(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  return /^\s*(\+|00)[\d\s().\-/\u00a0\u2010-\u2015]+$/.test(text) && digits.length >= DIGITS_MIN;
}

export function canBeEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text.trim());
}

/** The rules of the form. What stands in `stored` may stay: a number that a platform asserted can be shorter. */
export function rulesOf(
  stored: UserValues | undefined,
  source: EndUserSource = "invited",
): NonNullable<FormOptions<UserValues, unknown>["rules"]> {
  const isInvited = source === "invited";
  const named = (label: string, missing: string | undefined) => (value: string) => {
    if (!value.trim()) return missing;
    return value.trim().length > NAME_MAX ? texts.tooLong(label) : undefined;
  };
  return {
    phone: (value) => {
      if (!value.trim()) return isInvited ? texts.phoneRequired : undefined;
      return value === stored?.phone || canBePhone(value) ? undefined : texts.phoneRule;
    },
    email: (value) => (!value.trim() || value === stored?.email || canBeEmail(value) ? undefined : texts.emailRule),
    first: named(texts.firstName, isInvited || stored?.first ? texts.firstNameRule : undefined),
    middle: named(texts.middleName, undefined),
    last: named(texts.lastName, isInvited ? texts.lastNameRule : undefined),
    environments: (value) => {
      if (value.length > 0 || stored?.environments.length === 0) return undefined;
      return stored ? texts.environmentsLeft : texts.environmentsRule;
    },
  };
}

const orNull = (text: string) => text.trim() || null;

export function createOf(values: UserValues): CreateEndUser {
  return {
    phone: values.phone.trim(),
    email: orNull(values.email),
    first_name: values.first.trim(),
    middle_name: orNull(values.middle),
    last_name: values.last.trim(),
    environment_ids: values.environments,
  };
}

/** The fields in which the wishes differ from what was stored. */
export function changeOf(before: UserValues, wanted: UserValues): UpdateEndUser {
  const change: UpdateEndUser = {};
  if (digitsOf(before.phone) !== digitsOf(wanted.phone)) change.phone = orNull(wanted.phone);
  if (before.email !== wanted.email.trim()) change.email = orNull(wanted.email);
  if (before.first !== wanted.first.trim()) change.first_name = wanted.first.trim();
  if (before.middle !== wanted.middle.trim()) change.middle_name = orNull(wanted.middle);
  if (before.last !== wanted.last.trim()) change.last_name = orNull(wanted.last);
  if (!isSame(before.environments, wanted.environments)) change.environment_ids = wanted.environments;
  return change;
}

const digitsOf = (phone: string) => phone.replace(/\D/g, "").replace(/^00/, "");

const isSame = (one: readonly string[], other: readonly string[]) =>
  JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted());

/** Whether saving moves the access of linked chat users from one number to another. */
export function movesPhone(before: UserValues, wanted: UserValues): boolean {
  return before.phone !== "" && digitsOf(before.phone) !== digitsOf(wanted.phone);
}

/** The fields in which the wishes of two people differ, in words. */
export function differencesOf(environments: readonly Environment[]) {
  const words = (name: keyof UserValues, values: UserValues) => {
    if (name !== "environments") return values[name];
    return formatList(environments.filter(({ id }) => values.environments.includes(id)).map((one) => one.name));
  };
  return (mine: UserValues, theirs: UserValues): ConflictingField[] =>
    (Object.keys(LABELS) as (keyof UserValues)[])
      .map((name) => ({ label: LABELS[name], mine: words(name, mine), theirs: words(name, theirs) }))
      .filter((field) => field.mine !== field.theirs);
}
