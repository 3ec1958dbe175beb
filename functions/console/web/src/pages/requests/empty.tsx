import { Link } from "@tanstack/react-router";
import type { Connector } from "../../api/connectors";
import { requests as texts } from "../../texts/en/requests";
import { EmptyState, looks } from "../../ui";
import type { Status } from "./filter";

interface Props {
  status: Status;
  connectors: readonly Connector[] | undefined;
  account: string;
  project: string;
}

/** Stands for a list without requests: how they come, or what keeps them from coming (U213). */
export function NoRequests({ status, connectors, account, project }: Props) {
  if (status === "approved") return <EmptyState title={texts.noApproved}>{texts.noApprovedText}</EmptyState>;
  if (status === "rejected") return <EmptyState title={texts.noHistory}>{texts.noHistoryText}</EmptyState>;
  const isAsked = !connectors || connectors.some(({ policy }) => policy === "OnBoarding");
  if (!isAsked) {
    return (
      <EmptyState
        action={
          <Link
            className={looks({ kind: "primary" })}
            params={{ account, project }}
            to="/a/$account/p/$project/connectors"
          >
            {texts.goToConnectors}
          </Link>
        }
        title={texts.noOnboarding}
      >
        {texts.noOnboardingText}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={status === "pending" ? texts.noPending : texts.noRequests}>{texts.noPendingText}</EmptyState>
  );
}
