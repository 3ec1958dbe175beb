import { Fragment, type ReactNode } from "react";

/** A text whose `{name}` places are filled with names of people and accounts, each isolated from the words around it. */
export function withNames(text: string, names: Readonly<Record<string, string>>): ReactNode {
  return text.split(/(\{\w+\})/).map((part, index) => {
    const name = /^\{\w+\}$/.test(part) ? names[part.slice(1, -1)] : undefined;
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text keep their places
    return <Fragment key={index}>{name === undefined ? part : <bdi>{name}</bdi>}</Fragment>;
  });
}
