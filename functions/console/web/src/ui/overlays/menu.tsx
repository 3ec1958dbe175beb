import type { RefObject } from "react";
import {
  Autocomplete,
  Header,
  Input,
  Menu,
  MenuItem,
  Popover,
  RouterProvider,
  MenuSection as Section,
  TextField,
} from "react-aria-components";
import { folded } from "../../folded";
import { goTo } from "../../navigation";
import { useOffline } from "../button";
import { classes } from "../classes";
import fieldStyles from "../field.module.css";
import { Icon } from "../icon";
import type { MenuEntry, MenuSection } from "../menu";
import styles from "./menu.module.css";

interface Props {
  isOpen: boolean;
  label: string;
  onClose: () => void;
  placement: "bottom start" | "bottom end" | "top start" | "top end";
  search: string | undefined;
  sections: readonly MenuSection[];
  trigger: RefObject<HTMLButtonElement | null>;
}

export function MenuView({ isOpen, label, onClose, placement, search, sections, trigger }: Props) {
  const entries = <Entries label={label} mayFocus={search === undefined} onClose={onClose} sections={sections} />;
  const fixed = new Set(
    sections.flatMap((section) => section.entries.filter(({ isFixed }) => isFixed)).map(({ id }) => id),
  );
  return (
    <Popover
      aria-label={label}
      className={styles.popover ?? ""}
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      placement={placement}
      triggerRef={trigger}
    >
      <RouterProvider navigate={goTo}>
        {search === undefined ? (
          entries
        ) : (
          <Autocomplete
            filter={(text, typed, { key }) => fixed.has(String(key)) || folded(text).includes(folded(typed).trim())}
          >
            <TextField aria-label={search} autoFocus className={styles.search ?? ""}>
              <Input className={fieldStyles.input ?? ""} placeholder={search} />
            </TextField>
            {entries}
          </Autocomplete>
        )}
      </RouterProvider>
    </Popover>
  );
}

interface EntriesProps {
  label: string;
  mayFocus: boolean;
  onClose: () => void;
  sections: readonly MenuSection[];
}

function Entries({ label, mayFocus, onClose, sections }: EntriesProps) {
  const offline = useOffline();
  const aboutOf = ({ about, changes }: MenuEntry) => (changes ? (offline ?? about) : about);
  return (
    <Menu aria-label={label} autoFocus={mayFocus && "first"} className={styles.menu ?? ""} onClose={onClose}>
      {sections.map((section, index) => (
        <Section aria-label={section.title ?? label} className={styles.section ?? ""} key={section.title ?? `${index}`}>
          {section.title && <Header className={styles.header ?? ""}>{section.title}</Header>}
          {section.entries.map((entry) => (
            <MenuItem
              className={classes(styles.item, entry.isDangerous && styles.dangerous)}
              href={entry.href}
              id={entry.id}
              isDisabled={entry.changes && offline !== undefined}
              key={entry.id}
              onAction={entry.onAction}
              textValue={entry.label}
            >
              {entry.icon && <Icon name={entry.icon} />}
              <span className={styles.words}>
                <bdi>{entry.label}</bdi>
                {aboutOf(entry) && <span className={styles.about}>{aboutOf(entry)}</span>}
              </span>
              {entry.isSelected && <Icon name="check" />}
            </MenuItem>
          ))}
        </Section>
      ))}
    </Menu>
  );
}
