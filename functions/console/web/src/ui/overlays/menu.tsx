import type { RefObject } from "react";
import { Header, Menu, MenuItem, Popover, RouterProvider, MenuSection as Section } from "react-aria-components";
import { goTo } from "../../navigation";
import { classes } from "../classes";
import { Icon } from "../icon";
import type { MenuSection } from "../menu";
import styles from "./menu.module.css";

interface Props {
  isOpen: boolean;
  label: string;
  onClose: () => void;
  placement: "bottom start" | "bottom end" | "top start" | "top end";
  sections: readonly MenuSection[];
  trigger: RefObject<HTMLButtonElement | null>;
}

export function MenuView({ isOpen, label, onClose, placement, sections, trigger }: Props) {
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
        <Menu aria-label={label} autoFocus="first" className={styles.menu ?? ""} onClose={onClose}>
          {sections.map((section, index) => (
            <Section
              aria-label={section.title ?? label}
              className={styles.section ?? ""}
              key={section.title ?? `${index}`}
            >
              {section.title && <Header className={styles.header ?? ""}>{section.title}</Header>}
              {section.entries.map((entry) => (
                <MenuItem
                  className={classes(styles.item, entry.isDangerous && styles.dangerous)}
                  href={entry.href}
                  id={entry.id}
                  key={entry.id}
                  onAction={entry.onAction}
                  textValue={entry.label}
                >
                  {entry.icon && <Icon name={entry.icon} />}
                  <span className={styles.words}>
                    <bdi>{entry.label}</bdi>
                    {entry.about && <span className={styles.about}>{entry.about}</span>}
                  </span>
                  {entry.isSelected && <Icon name="check" />}
                </MenuItem>
              ))}
            </Section>
          ))}
        </Menu>
      </RouterProvider>
    </Popover>
  );
}
