import { Link } from "@tanstack/react-router";
import { useAccount } from "../../api/me";
import type { Obstacle } from "./clients/in-the-way";
import styles from "./record.module.css";

interface Props {
  title: string;
  obstacles: readonly Obstacle[];
  /** They are members, each of whom has a page. */
  toUser?: boolean;
}

/** The records that keep another one from being deleted, or that lose it; nothing where there are none. */
export function ObstacleList({ title, obstacles, toUser }: Props) {
  const account = useAccount();
  if (obstacles.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul className={styles.list}>
        {obstacles.map(({ id, name }) => (
          <li key={id}>
            {toUser ? (
              <Link params={{ account: account.id, id }} to="/a/$account/settings/users/$id">
                <bdi>{name}</bdi>
              </Link>
            ) : (
              <bdi>{name}</bdi>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
