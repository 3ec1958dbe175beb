import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { type ApiKey, apiKeysOptions } from "../../../api/api-keys";
import { useAccount, useMay } from "../../../api/me";
import { useList } from "../../../api/query";
import { permissionsOptions } from "../../../api/roles";
import { formatDate, formatDateTime } from "../../../format";
import { noteNavigation } from "../../../navigation";
import { apiKeys as texts } from "../../../texts/en/api-keys";
import { common } from "../../../texts/en/common";
import {
  Badge,
  Button,
  type Column,
  DataTable,
  EmptyState,
  MenuButton,
  Page,
  PageHeading,
  ProblemView,
  Row,
  SecretOnce,
  Skeleton,
  Time,
} from "../../../ui";
import record from "../record.module.css";
import styles from "./api-keys.module.css";
import { DetailsDialog } from "./details-dialog";
import { expiryOf, replacedUntil } from "./expiry";
import { NewApiKey } from "./new-api-key";
import { OwnerName } from "./owner-name";
import { RenewDialog } from "./renew-dialog";
import { RevokeDialog } from "./revoke-dialog";
import { RotateDialog } from "./rotate-dialog";

const route = getRouteApi("/a/$account/settings/api-keys");

interface Secret {
  title: string;
  about: string;
  secret: string;
}

/** The list of keys, or the form for a new one. A new secret is shown over the list. */
export function ApiKeysPage() {
  const { create } = route.useSearch();
  const navigate = route.useNavigate();
  const [shown, setShown] = useState<Secret>();
  const [isShown, setIsShown] = useState(false);
  const show = (secret: Secret) => {
    setShown(secret);
    setIsShown(true);
  };
  // The views below are pages of their own to those who hear them.
  useEffect(noteNavigation, []);
  return (
    <>
      {create ? (
        <NewApiKey
          onCreated={({ name, key, expires_at }) => {
            show({ title: texts.created(name), about: texts.createdAbout(formatDate(expires_at)), secret: key });
            void navigate({ search: {}, replace: true });
          }}
        />
      ) : (
        <List
          onRotated={(name, secret) =>
            show({ title: texts.rotated(name), about: texts.rotatedAbout(formatDateTime(replacedUntil())), secret })
          }
        />
      )}
      <SecretOnce
        isOpen={isShown}
        onClose={() => {
          setIsShown(false);
          setShown(undefined);
        }}
        secret={shown?.secret ?? ""}
        title={shown?.title ?? ""}
      >
        <p className={record.soft}>{shown?.about}</p>
      </SecretOnce>
    </>
  );
}

type Asked = { what: "renew" | "rotate" | "revoke"; key: ApiKey };

function List({ onRotated }: { onRotated: (name: string, secret: string) => void }) {
  const { open } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const { items, error, retry, isFetching, showMore, isShowingMore } = useList(apiKeysOptions);
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const create = (
    <Button changes icon="plus" kind="primary" onClick={() => void navigate({ search: { create: true } })}>
      {texts.create}
    </Button>
  );
  const actions: Column<ApiKey> = {
    key: "actions",
    title: common.actions,
    align: "end",
    isUnlabelled: true,
    cell: (key) => (
      <MenuButton
        label={texts.menu(key.name)}
        sections={[
          {
            entries: [
              {
                id: "details",
                label: texts.details,
                icon: "info",
                onAction: () => void navigate({ search: { open: key.id } }),
              },
              { id: "renew", label: texts.renewEntry, changes: true, onAction: () => setAsked({ what: "renew", key }) },
              {
                id: "rotate",
                label: texts.rotateEntry,
                changes: true,
                onAction: () => setAsked({ what: "rotate", key }),
              },
            ],
          },
          {
            entries: [
              {
                id: "revoke",
                label: texts.revokeEntry,
                icon: "trash",
                isDangerous: true,
                changes: true,
                onAction: () => setAsked({ what: "revoke", key }),
              },
            ],
          },
        ]}
      />
    ),
  };
  return (
    <Page>
      <PageHeading
        about={may("api_keys.manage_account") ? texts.about : texts.aboutOwn}
        actions={create}
        title={texts.title}
      />
      {error && !items ? (
        <ProblemView error={error} retry={retry} />
      ) : !items ? (
        <Skeleton />
      ) : items.length === 0 && !showMore ? (
        <EmptyState action={create} title={texts.emptyTitle}>
          {texts.empty}
        </EmptyState>
      ) : (
        <DataTable
          caption={texts.caption}
          columns={[...columns, actions]}
          isBusy={isFetching}
          isShowingMore={isShowingMore}
          rowKey={({ id }) => id}
          rows={items}
          showMore={showMore}
        />
      )}
      <DetailsDialog
        apiKey={items?.find(({ id }) => id === open)}
        onClose={() => void navigate({ search: {}, replace: true })}
      />
      <RenewDialog apiKey={asked?.what === "renew" ? asked.key : undefined} onClose={close} />
      <RotateDialog apiKey={asked?.what === "rotate" ? asked.key : undefined} onClose={close} onRotated={onRotated} />
      <RevokeDialog apiKey={asked?.what === "revoke" ? asked.key : undefined} onClose={close} />
    </Page>
  );
}

function Name({ apiKey }: { apiKey: ApiKey }) {
  const count = useQuery(permissionsOptions).data?.items.length;
  const { length } = apiKey.permissions;
  return (
    <>
      <Link
        className={record.name}
        params={{ account: useAccount().id }}
        search={{ open: apiKey.id }}
        to="/a/$account/settings/api-keys"
      >
        <bdi>{apiKey.name}</bdi>
      </Link>
      <span className={record.about}>
        {length > 0 && length === count ? texts.everyPermission : texts.permissionCount(length)}
      </span>
    </>
  );
}

/** A day on one line. */
function Day({ at }: { at: string }) {
  return (
    <span className={styles.day}>
      <Time as="date" at={at} />
    </span>
  );
}

/** The end of a key, marked when it is near. */
export function Expiry({ at }: { at: string }) {
  const expiry = expiryOf(at);
  if (expiry.state === "later") return <Day at={at} />;
  const isSoon = expiry.state === "soon";
  return (
    <Row>
      <Badge tone={isSoon ? "warn" : "bad"}>
        {!isSoon ? texts.expired : expiry.days === 0 ? texts.expiresToday : texts.expiresIn(expiry.days)}
      </Badge>
      <span className={record.soft}>
        <Day at={at} />
      </span>
    </Row>
  );
}

const columns: Column<ApiKey>[] = [
  { key: "name", title: texts.columnName, isHeader: true, width: "30%", cell: (key) => <Name apiKey={key} /> },
  { key: "owner", title: texts.columnOwner, cell: (key) => <OwnerName apiKey={key} /> },
  {
    key: "used",
    title: texts.columnUsed,
    // The API keeps the day only.
    cell: ({ last_used_at }) => (last_used_at ? <Day at={last_used_at} /> : texts.never),
  },
  { key: "expires", title: texts.columnExpires, cell: ({ expires_at }) => <Expiry at={expires_at} /> },
];
