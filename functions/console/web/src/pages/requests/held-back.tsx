import { Link } from "@tanstack/react-router";
import type { HeldBack } from "../../api/access-requests";
import { useMay } from "../../api/me";
import { formatNumber } from "../../format";
import { requests as texts } from "../../texts/en/requests";
import { looks, Notice, Row, useChangeLink } from "../../ui";

interface Props {
  heldBack: readonly HeldBack[];
  account: string;
  project: string;
}

/** Connectors that got more new people than their limit, and whose messages made no request (U212, B37). */
export function HeldBackNotices({ heldBack, account, project }: Props) {
  const may = useMay();
  const change = useChangeLink();
  return heldBack.map(({ connector_id, connector_name, limit_per_minute, messages }) => {
    const limit = formatNumber(limit_per_minute);
    return (
      <Notice key={connector_id} tone="warn">
        <Row align="between">
          <p dir="auto">
            {messages === 1
              ? texts.heldBackOne(connector_name, limit)
              : texts.heldBack(connector_name, limit, formatNumber(messages))}
          </p>
          {may("connectors.write") && (
            <Link
              {...change}
              className={looks({ small: true })}
              params={{ account, project, id: connector_id }}
              search={{ field: "limit" }}
              to="/a/$account/p/$project/connectors/$id"
            >
              {texts.adjustLimit}
            </Link>
          )}
        </Row>
      </Notice>
    );
  });
}
