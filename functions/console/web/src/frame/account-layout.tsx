import { Outlet, useMatches } from "@tanstack/react-router";
import { Suspense } from "react";
import { useMe } from "../api/me";
import { lazyPage } from "../code";
import { frame } from "../texts/en/frame";
import { Frame } from "./frame";
import { LoadingPage, MessagePage } from "./pages";

const ClosedAccount = lazyPage(() => import("./closed-account"), "ClosedAccount");
const NeededPermission = lazyPage(() => import("./needed-permission"), "NeededPermission");

/** The frame of an account's pages, with what stands for a page that this person may not see. */
export function AccountLayout() {
  return (
    <Frame>
      <Gate />
    </Frame>
  );
}

function Gate() {
  const me = useMe();
  const needed = useMatches().at(-1)?.staticData.permission;
  if (!me.account) {
    return (
      <Suspense fallback={<LoadingPage />}>
        <ClosedAccount />
      </Suspense>
    );
  }
  if (needed && !me.account.permissions.includes(needed)) {
    return (
      <MessagePage title={frame.noPermissionTitle}>
        <Suspense fallback={<span aria-busy="true" />}>
          <NeededPermission permission={needed} />
        </Suspense>
      </MessagePage>
    );
  }
  return <Outlet />;
}
