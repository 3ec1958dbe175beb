import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AccessRequest } from "../../api/access-requests";
import {
  type ChatUser,
  type PersonsConversation,
  personsConversationsOptions,
  personsRequestsOptions,
} from "../../api/chat-users";
import { allConnectorsOptions } from "../../api/connectors";
import { useAccount, useMay } from "../../api/me";
import { formatCount } from "../../format";
import { useProjectId } from "../../frame/project-id";
import { peopleTexts as texts } from "../../texts/en/people";
import { Badge, ProblemView, Section, Skeleton, StrangersText, Time, type Tone } from "../../ui";
import styles from "./people.module.css";

const TONES: Record<AccessRequest["status"], Tone> = { pending: "warn", approved: "good", rejected: "bad" };

/** The list that a request stands in, behind its details. */
const TABS = { pending: {}, approved: { tab: "approved" }, rejected: { tab: "history" } } as const;

/** The requests of a person, with what became of each. */
export function RequestsSection({ person }: { person: ChatUser }) {
  const project = useProjectId();
  const { data, error, refetch } = useQuery(personsRequestsOptions(project, person));
  return (
    <Section about={texts.requestsAbout} title={texts.requests}>
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={1} />
      ) : data.length === 0 ? (
        <p className={styles.soft}>{texts.noRequests}</p>
      ) : (
        <ul aria-label={texts.requestsCaption} className={styles.rows}>
          {data.map((request) => (
            <li key={request.id}>
              <RequestRow request={request} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function RequestRow({ request }: { request: AccessRequest }) {
  const account = useAccount().id;
  const project = useProjectId();
  const { status, connector, created_at, processed_by, processed_at, processing_note, revoked_at } = request;
  return (
    <div className={styles.words}>
      <span className={styles.line}>
        <Badge tone={TONES[status]}>{texts.requestStatus[status]}</Badge>
        {revoked_at && <Badge>{texts.requestRevoked}</Badge>}
        <Link
          className={styles.name}
          params={{ account, project, id: request.id }}
          search={TABS[status]}
          to="/a/$account/p/$project/requests/$id"
        >
          <bdi>{connector.name}</bdi>
        </Link>
        <span className={styles.soft}>
          <Time at={created_at} />
        </span>
      </span>
      {processed_by && (
        <span className={styles.soft}>
          {texts.processedBy}: <bdi>{processed_by.name}</bdi>
          {processed_at && (
            <>
              {" "}
              · <Time at={processed_at} />
            </>
          )}
        </span>
      )}
      {processing_note && (
        <div className={styles.note}>
          <span className={styles.soft}>{texts.processingNote}:</span> <StrangersText>{processing_note}</StrangersText>
        </div>
      )}
    </div>
  );
}

/** The conversations of a person. */
export function ConversationsSection({ person }: { person: ChatUser }) {
  const account = useAccount().id;
  const project = useProjectId();
  const may = useMay();
  const { data, error, refetch } = useQuery(personsConversationsOptions(project, person.id));
  const connectors = useQuery({ ...allConnectorsOptions(project), enabled: may("projects.read") }).data;
  const nameOf = ({ connector_id }: PersonsConversation) =>
    connectors?.find(({ id }) => id === connector_id)?.name ?? texts.connector;
  return (
    <Section about={texts.conversationsAbout} title={texts.conversations}>
      {error && !data ? (
        <ProblemView error={error} retry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={1} />
      ) : data.items.length === 0 ? (
        <p className={styles.soft}>{texts.noConversations}</p>
      ) : (
        <ul aria-label={texts.conversations} className={styles.rows}>
          {data.items.map((conversation) => (
            <li key={conversation.id}>
              <div className={styles.words}>
                <span className={styles.line}>
                  <Link
                    className={styles.name}
                    params={{ account, project, id: conversation.id }}
                    search={{ view: "all" }}
                    to="/a/$account/p/$project/conversations/$id"
                  >
                    <bdi>{nameOf(conversation)}</bdi>
                  </Link>
                  {conversation.kind && (
                    <span className={styles.soft}>{texts.conversationKind[conversation.kind]}</span>
                  )}
                  <Badge>{texts.conversationState[conversation.state]}</Badge>
                </span>
                <span className={styles.soft}>
                  {texts.messages(formatCount({ count: conversation.message_count, more: false }))}
                  {conversation.last_activity_at && (
                    <>
                      {" "}
                      · <Time at={conversation.last_activity_at} />
                    </>
                  )}
                </span>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
