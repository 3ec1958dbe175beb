import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { methodsOptions } from "../../api/auth";
import { disconnectIdentity, type Identity, identitiesOptions } from "../../api/own-login";
import { sessionsOptions } from "../../api/own-security";
import { isProblem } from "../../api/problems";
import { queryClient } from "../../api/query";
import { common } from "../../texts/en/common";
import { ownLogin as texts } from "../../texts/en/own-login";
import { profile } from "../../texts/en/profile";
import {
  announce,
  Button,
  type Column,
  ConfirmDialog,
  DataTable,
  ProblemView,
  Section,
  Skeleton,
  Stack,
  toasts,
} from "../../ui";
import { explainRequired } from "./refusals";

type Named = Identity & { provider: string };

/** The identities at providers that open accounts to the person, and the way to disconnect them. */
export function IdentitiesSection() {
  const { data, error, isFetching, refetch } = useQuery(identitiesOptions);
  const identities = useNamed(data?.items ?? []);
  const [asked, setAsked] = useState<Named>();
  const [isAsking, setAsking] = useState(false);
  const columns: Column<Named>[] = [
    { key: "provider", title: texts.provider, isHeader: true, cell: ({ provider }) => <bdi>{provider}</bdi> },
    { key: "account", title: profile.account, cell: ({ account }) => <bdi>{account.name}</bdi> },
    {
      key: "actions",
      title: common.actions,
      isUnlabelled: true,
      align: "end",
      cell: (identity) => (
        <Button
          aria-label={texts.disconnectOf(identity.provider, identity.account.name)}
          changes
          onClick={() => {
            setAsked(identity);
            setAsking(true);
          }}
          small
        >
          {texts.disconnect}
        </Button>
      ),
    },
  ];
  return (
    <Section about={texts.identitiesAbout} title={texts.identities}>
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={1} />
      ) : identities.length === 0 ? (
        <p>{texts.noIdentities}</p>
      ) : (
        <DataTable
          caption={texts.identitiesCaption}
          columns={columns}
          isBusy={isFetching}
          rowKey={({ id }) => id}
          rows={identities}
        />
      )}
      <Disconnect identity={asked} isOpen={isAsking} onClose={() => setAsking(false)} />
    </Section>
  );
}

/** Identities with the names under which the accounts' sign-in pages offer their providers. */
function useNamed(identities: readonly Identity[]): Named[] {
  const accounts = [...new Set(identities.map(({ account }) => account.id))];
  const methods = useQueries({
    queries: accounts.map(methodsOptions),
    combine: (answers) => answers.flatMap(({ data }) => data?.providers ?? []),
  });
  return identities.map((identity) => ({
    ...identity,
    provider: methods.find(({ id }) => id === identity.login_method_id)?.name ?? texts.provider,
  }));
}

interface DisconnectProps {
  identity: Named | undefined;
  isOpen: boolean;
  onClose: () => void;
}

function Disconnect({ identity, isOpen, onClose }: DisconnectProps) {
  const names = [identity?.provider ?? "", identity?.account.name ?? ""] as const;
  const disconnect = async () => {
    if (!identity) return;
    try {
      await disconnectIdentity(identity.id);
    } catch (error) {
      // One that is gone is what was wanted.
      if (!isProblem(error, "not-found")) throw explainRequired(error);
    }
    await queryClient.invalidateQueries({ queryKey: identitiesOptions.queryKey });
    await queryClient.invalidateQueries({ queryKey: sessionsOptions.queryKey });
    toasts.done(texts.disconnected(...names));
    announce(texts.disconnected(...names));
    document.getElementById("content")?.focus();
  };
  return (
    <ConfirmDialog
      action={texts.disconnectAction}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={disconnect}
      title={texts.disconnectTitle(...names)}
    >
      <Stack gap={3}>
        <p>{texts.disconnectText(...names)}</p>
        <p>{texts.disconnectRest}</p>
      </Stack>
    </ConfirmDialog>
  );
}
