import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import type { ApiKey } from "../../../api/api-keys";
import { allEnvironmentsOptions } from "../../../api/environments";
import { useMay } from "../../../api/me";
import { permissionsOptions } from "../../../api/roles";
import { apiKeys as texts } from "../../../texts/en/api-keys";
import { permissionTexts } from "../../../texts/en/permissions";
import { unread } from "../../../texts/en/unread";
import { Copy, Details, Dialog, PartProblem, Skeleton, Stack, Time, useIsFirstRead } from "../../../ui";
import styles from "./api-keys.module.css";
import { Expiry } from "./api-keys-page";
import { byArea } from "./choice";
import { OwnerName } from "./owner-name";

/** Permissions, owner and origin of a key. */
export function DetailsDialog({ apiKey, onClose }: { apiKey: ApiKey | undefined; onClose: () => void }) {
  // Kept while the dialog fades.
  const last = useRef(apiKey);
  if (apiKey) last.current = apiKey;
  const key = last.current;
  return (
    <Dialog isOpen={apiKey !== undefined} onClose={onClose} title={key?.name ?? ""}>
      {key && <Content apiKey={key} />}
    </Dialog>
  );
}

function Content({ apiKey }: { apiKey: ApiKey }) {
  const may = useMay();
  const catalogue = useQuery(permissionsOptions);
  const isFirstRead = useIsFirstRead(catalogue);
  const isLimited = typeof apiKey.environment_id === "string";
  const environments = useQuery({ ...allEnvironmentsOptions, enabled: isLimited && may("projects.read") }).data;
  const environment = environments?.find(({ id }) => id === apiKey.environment_id);
  const held = byArea(catalogue.data?.items.filter(({ key }) => apiKey.permissions.includes(key)) ?? []);
  return (
    <Stack gap={5}>
      <Details
        items={[
          [texts.columnOwner, <OwnerName apiKey={apiKey} key="owner" />],
          [texts.columnExpires, <Expiry at={apiKey.expires_at} key="expires" />],
          [
            texts.columnUsed,
            apiKey.last_used_at ? <Time as="date" at={apiKey.last_used_at} key="used" /> : texts.never,
          ],
          ...(isLimited
            ? [
                [
                  texts.environment,
                  environment ? texts.environmentOf(environment.project, environment.name) : apiKey.environment_id,
                ] as const,
              ]
            : []),
          [texts.createdBy, <bdi key="by">{apiKey.created_by.name}</bdi>],
          [texts.createdAt, <Time as="full" at={apiKey.created_at} key="at" />],
          [texts.id, <Copy key="id" text={apiKey.id} />],
        ]}
      />
      <Stack gap={3}>
        <h3>{texts.permissions}</h3>
        {isFirstRead && <Skeleton />}
        <PartProblem read={catalogue} title={unread.permissions} />
        <Details
          items={held.map(({ area, permissions }) => [
            permissionTexts.areas[area],
            <ul className={styles.permissions} key={area}>
              {permissions.map(({ key, label, description }) => (
                <li key={key} title={description}>
                  {label}
                </li>
              ))}
            </ul>,
          ])}
        />
      </Stack>
    </Stack>
  );
}
