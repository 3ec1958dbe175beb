import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Account } from "../../../api/account";
import { exportAccount } from "../../../api/account-export";
import { useMay, useMe } from "../../../api/me";
import type { Tagged } from "../../../api/problems";
import { fileName, saveJson } from "../../../download";
import { account as texts } from "../../../texts/en/account";
import { Button, errorText, Offer, Section, Stack, toasts } from "../../../ui";
import { DeleteAccount } from "./delete-account";

/** What the account holds, to take along, and its end. */
export function DataSection({ record }: { record: Tagged<Account> }) {
  const account = record.value;
  const may = useMay();
  const { accounts } = useMe();
  const [isBusy, setBusy] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const isSuperAdmin = accounts.find(({ id }) => id === account.id)?.role?.key === "super_admin";

  const download = async () => {
    setBusy(true);
    try {
      saveJson(await exportAccount(account, may), fileName("account", account.name, "json"));
      toasts.done(texts.exported);
    } catch (error) {
      toasts.failed(errorText(error));
    } finally {
      setBusy(false);
    }
  };

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
          <Button icon="download" isBusy={isBusy} onClick={() => void download()}>
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
