import type { AccessRequest } from "../../api/access-requests";
import { BULK_MAX } from "../../api/access-requests";
import type { Connector } from "../../api/connectors";
import { formatNumber } from "../../format";
import { common } from "../../texts/en/common";
import { requests as texts } from "../../texts/en/requests";
import { Button } from "../../ui";
import type { Verdict } from "./decision-form";
import { RequestRow } from "./request-row";
import styles from "./requests.module.css";
import type { RequestRows } from "./use-request-rows";
import type { Selection } from "./use-selection";

/** Values that rows and the panel share. */
export interface RequestContext {
  account: string;
  project: string;
  connectors: readonly Connector[] | undefined;
  mayDecide: boolean;
  select: (id: string, isRange: boolean) => void;
  /** Opens the form of a decision, or closes it. */
  decide: (verb: Verdict | undefined, id: string) => void;
  onDecided: (request: AccessRequest, verb: Verdict) => void;
  onLost: (id: string, why: string) => void;
  revoke: (request: AccessRequest) => void;
  block: (request: AccessRequest) => void;
  explain: (request: AccessRequest) => void;
  copyLink: (request: AccessRequest) => void;
}

/** The decision that is being written about a request. */
export type FormOf = (id: string) => Verdict | undefined;

interface Props {
  shown: readonly AccessRequest[];
  list: RequestRows;
  selection: Selection;
  formOf: FormOf;
  context: RequestContext;
  /** Why requests were not decided with others. */
  left: ReadonlyMap<string, string>;
  /** The request whose form stands in its panel. */
  inPanel: string | undefined;
}

/** The requests, one row each. */
export function RequestList({ shown, list, selection, formOf, context, left, inPanel }: Props) {
  const { mayDecide } = context;
  const pending = shown.filter(({ status }) => status === "pending").length;
  const most = Math.min(pending, BULK_MAX);
  return (
    <div>
      <div className={styles.head}>
        {mayDecide && pending > 0 && (
          <input
            aria-label={texts.selectAll}
            checked={selection.selected.length >= most}
            className={styles.checkbox}
            onChange={(event) => selection.all(event.target.checked)}
            ref={(box) => {
              if (box) box.indeterminate = selection.selected.length > 0 && selection.selected.length < most;
            }}
            type="checkbox"
          />
        )}
        <span className={styles.soft}>{texts.rows(formatNumber(shown.length), list.showMore !== undefined)}</span>
      </div>
      <ul aria-busy={list.isFetching || undefined} aria-label={texts.list} className={styles.list}>
        {shown.map((request) => (
          <RequestRow
            context={context}
            isFormElsewhere={inPanel === request.id}
            isSelected={selection.has(request.id)}
            key={request.id}
            leaving={list.rows.leaving.get(request.id)}
            left={left.get(request.id)}
            request={request}
            verb={formOf(request.id)}
          />
        ))}
      </ul>
      {list.showMore && (
        <div className={styles.more}>
          <Button isBusy={list.isShowingMore} onClick={list.showMore}>
            {common.showMore}
          </Button>
        </div>
      )}
    </div>
  );
}
