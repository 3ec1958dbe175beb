import { useRef, useState } from "react";
import { connectorTexts as texts } from "../../texts/en/connectors";
import { Button, FieldGroup, Stack, TextArea, TextField } from "../../ui";
import styles from "./connectors.module.css";
import { languageName, readVariants, type Variant, writeVariants } from "./variants";

/** Languages that one text takes. */
const LANGUAGES_MAX = 20;

interface Props {
  label: string;
  field: {
    name: string;
    value: string;
    onChange: (value: string) => void;
    error: string | undefined;
  };
  /** Characters of one message of the platform. */
  limit: number | undefined;
}

/** One text in other languages, folded until it is wanted (A52). */
export function VariantsField({ label, field, limit }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [added, setAdded] = useState<number>();
  const add = useRef<HTMLButtonElement>(null);
  const variants = readVariants(field.value);
  const write = (next: readonly Variant[]) => field.onChange(writeVariants(next));
  const change = (index: number, part: Partial<Variant>) =>
    write(variants.map((variant, place) => (place === index ? { ...variant, ...part } : variant)));
  return (
    <details
      className={styles.variants}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      open={isOpen || field.error !== undefined}
    >
      <summary>{texts.languages(label, variants.length)}</summary>
      <FieldGroup error={field.error} help={texts.languagesHelp} label={texts.byLanguage}>
        {variants.map((variant, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is known by its place while its tag is typed
          <Stack gap={2} key={index}>
            <TextField
              aside={
                <Button
                  aria-label={texts.removeLanguage(languageName(variant.tag))}
                  kind="quiet"
                  onClick={() => {
                    write(variants.filter((_, place) => place !== index));
                    add.current?.focus();
                  }}
                  small
                >
                  {texts.removeText}
                </Button>
              }
              autoComplete="off"
              autoFocus={index === added}
              label={texts.language}
              mono
              name={field.name}
              onChange={(tag) => change(index, { tag })}
              placeholder="pt-BR"
              spellCheck={false}
              value={variant.tag}
            />
            <TextArea
              label={variant.tag.trim() ? texts.textIn(languageName(variant.tag)) : texts.text}
              lang={variant.tag.trim() || undefined}
              limit={limit}
              onChange={(text) => change(index, { text })}
              rows={3}
              value={variant.text}
            />
          </Stack>
        ))}
        <div>
          <Button
            blocked={variants.length >= LANGUAGES_MAX ? texts.languagesFull : undefined}
            onClick={() => {
              setAdded(variants.length);
              write([...variants, { tag: "", text: "" }]);
            }}
            ref={add}
            small
          >
            {texts.addLanguage}
          </Button>
        </div>
      </FieldGroup>
    </details>
  );
}
