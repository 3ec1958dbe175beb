import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Account } from "../../../api/account";
import { exportAccount } from "../../../api/account-export";
import { useMay, useMe } from "../../../api/me";
import type { Tagged } from "../../../api/problems";
import { account as texts } from "../../../texts/en/account";
import { Button, Offer, Section, Stack } from "../../../ui";
import { useExport } from "../../../use-export";
import { DeleteAccount } from "./delete-account";

/** Export of the account, and its deletion. */
export function DataSection({ record }: { record: Tagged<Account> }) {
  const account = record.value;
  const may = useMay();
  const { accounts } = useMe();
  const { isBusy, start } = useExport("account", account.name, () => exportAccount(account, may));
  const [isAsking, setAsking] = useState(false);
  const isSuperAdmin = accounts.find(({ id }) => id === account.id)?.role?.key === "super_admin";

  return (
    <Section title={texts.data}>
      <Stack gap={5}>
        <Offer
          about={
            <>
              {texts.exportAbout}{" "}
              {may("audit.read") && (
                <Link params={{ account: account.id }} to="/a/$account/settings/audit">
                  {texts.toAudit}
                </Link>
              )}
            </>
          }
          title={texts.export}
        >
          <Button icon="download" isBusy={isBusy} onClick={start}>
            {texts.export}
          </Button>
        </Offer>
        {may("account.manage") && (
          <Offer about={texts.deleteAbout} title={texts.delete}>
            <Button
              blocked={isSuperAdmin ? undefined : texts.deleteSuperAdmin}
              changes
              icon="trash"
              onClick={() => setAsking(true)}
            >
              {texts.deleteOpen}
            </Button>
          </Offer>
        )}
      </Stack>
      <DeleteAccount isOpen={isAsking} onClose={() => setAsking(false)} record={record} />
    </Section>
  );
}
