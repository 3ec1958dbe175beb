//! Every key string of the table.
//!
//! `A` = account, `P` = `ACCOUNT#…#PROJECT#…`. Costs are round trips and capacity units for rows up
//! to 1 KB written and 4 KB read.
//!
//! | access pattern | key | index | cost |
//! |---|---|---|---|
//! | connector of a webhook | `CONNECTOR#id` / `CONNECTOR` | | 1 read, 1 RRU, then cached 10 s |
//! | sender, standing, conversation of a message, and whether it was handled before | `P#USER#id` / `USER` and `STANDING#connector`, `P#CONVERSATION#id`, `CONNECTOR#id#EVENT#id` for each key | | 1 batch read, 4 or 5 RRU |
//! | the same, for the block of an erased person | and `P#USER#hash` / `KEPT_BLOCK` | | the same batch read, 1 RRU more for each id; a new person is written with a check of it, 2 WRU |
//! | the same where the platform asserts a phone number | and `P#PHONE#key` / `PHONE` | | the same batch read, 1 RRU more |
//! | the same for a person with two ids | and `P#USER#id` / `SAME_AS`, under both ids | | 1 batch read, up to 9 RRU |
//! | first message of a stranger | user with its `INDEX`, standing, request, `P#REQUEST#id` / `PREVIEW` (and `HELD_MESSAGE` where approvals replay), `P#TALLIES` / `CONNECTOR#id#row`, event keys | | 1 transaction, 10 WRU and 2 a key (and 2 a KB) + 7 index writes; 2 more for the tally, 2 for the figures, and 2 and an index write for the outgoing event |
//! | quota of new requests, used by a person without a pending request | `CONNECTOR#id#NEW_REQUESTS` / `MINUTE#minute#row` | | in the transaction of the request, 2 WRU; if that row is full, the transaction again after an update of each row up to one with room, 1 WRU each, at most 16; none once the function knows that it is used up; expires after an hour |
//! | message that a customer's own system brings | `CONNECTOR#id#NEW_REQUESTS` / `MINUTE#minute#BROUGHT`, beside the rows of a message | | 1 update, 1 WRU; expires after an hour |
//! | message held back beyond the quota | `P#HELD_BACK` / `CONNECTOR#id` | | 1 update, 1 WRU; for the first of a day 1 transaction more of 4 WRU, with its outgoing event |
//! | connectors that held back messages | `P#HELD_BACK` | | 1 query, 1 RRU for some 30 connectors |
//! | first message of a person whom the directory vouches for | user with its `INDEX`, standing, request, `P#TALLIES` / `CONNECTOR#id#row`, audit entry, `P#END_USER#id` / `END_USER`; a check of `P#PHONE#key` / `PHONE` | | 1 transaction, 18 WRU + index writes, 2 more for a request that was not pending: its outgoing events; 1 read for one that was |
//! | person registered in the directory, or linked to it | user and, for a number, `PHONE`, the number's user and `SAME_AS`; `END_USER` and its chat users; the same rows, audit entry | | 1 to 3 reads and batch reads, 1 transaction of 2 WRU a row + index writes |
//! | decision explained | connector, environment; the rows of a sender as above, without conversation and events; `P#REQUEST#id` of a pending request | | 2 to 4 reads, 1 batch read |
//! | two records of one person merged | both `USER` and their `STANDING`s by partition, `SAME_AS`, pending requests, audit entries | | 2 queries, 1 batch read per hundred requests, 1 transaction per hundred writes |
//! | held message counted | standing, event keys; the user if the message tells a new name; `P#REQUEST#id` / `PREVIEW` and `HELD_MESSAGE` for the first with content after a placeholder | | 1 transaction, 2 WRU and 2 a key (and 2 a row, and 2 a KB) + 2 index writes; 6 more for a name, with its outgoing event, 2 once a minute for `P#TALLIES` / `CONNECTOR#id#row` |
//! | new name told by anybody else's message | user, `P#USER#id` / `INDEX`, the outgoing event | | 1 transaction, 6 WRU + 4 index writes |
//! | edit or deletion of the message that made a request | `P#REQUEST#id` / `PREVIEW` and `HELD_MESSAGE` | | 1 batch read, 1 write each |
//! | message without effect (cool-down, allow list) on a platform whose requests stay valid for ever | event keys | | 1 write a key, 1 WRU |
//! | a batch of more messages than are taken at once | event keys | | 1 batch read a hundred keys; 1 write a key of a message for the agent |
//! | claim, postpone, settle of a job | any marked row | `outbox` | 1 update each, 1 WRU + 1 or 2 index writes |
//! | onboarding message or approval notice by the platform's id, where failures are reported later | `P#SENT#id` / `SENT` | | 1 write, 1 WRU, expires after 40 days |
//! | failure that is reported later | the same, then the standing with the outgoing event | | 1 write, 1 batch read, 1 transaction of 4 WRU; 1 write for a message that is not on record, expires after a day |
//! | follow-up of an approval | user, standing, connector; standings of the user by partition | | 1 query, 3 reads, 3 updates; 1 transaction for each request at another connector |
//! | pending requests of a connector, closed | `P#CLOSINGS` / `CLOSING#connector`; `P#REQUESTS#pending` by creation | `lists_by_state` | for a page of 100 of the project's pending requests: 2 reads, 1 query, 1 update; 1 transaction for each that is closed |
//! | requests of a connector, closed as they expire | `P#CLOSINGS` / `EXPIRY#connector`; `P#REQUESTS#pending` by creation | `lists_by_state` | for each time at which one expires, and once in the days after which they do: 2 updates, 1 read, 1 query of the project's 100 oldest pending requests that were not looked at before; 1 transaction for each that is closed; each sweep reads the mark, 0.5 RRU for 20 connectors |
//! | person erased | user with its `INDEX`, standings by partition, `SAME_AS`, `AVATAR`; `P#ERASURES` / `ERASURE#USER#user`, audit entry | | 2 reads, 1 query, 1 transaction, 2 WRU a row + index writes |
//! | wish for silence of an erased person | the standing, in `P#WISHES` by the time of the erasure | `lists_all` | part of the erasure; read when the project is deleted |
//! | the same of a person who is blocked | and `P#USER#hash` / `KEPT_BLOCK` for each id | | 2 WRU an id + 1 index write more |
//! | block of an erased person, lifted | `P#USER#hash` / `KEPT_BLOCK` for each id, audit entry | | 1 read, 1 batch read, 1 transaction of 2 WRU a row |
//! | blocks of erased people | `P#KEPT_BLOCKS` by the time of the block | `lists_all` | 1 query a page |
//! | second id of an erased person who is blocked, told for the first time | `P#USER#hash` / `KEPT_BLOCK` of both | | 1 batch read, 1 transaction of 4 WRU |
//! | the rest of a person | `P#REQUESTS` by creation; `P#WRITER#user` / `WROTE_IN#conversation`, then the rows of each conversation; `CONVERSATION` for the note of a handoff | `lists_all` | all of the project's requests, 200 a query; 1 query and 1 transaction for 60 rows of a conversation, 1 update for a note; twice in all |
//! | a person's conversations from before writers left rows | `P#CONVERSATIONS` by last activity, then the rows of each that may be theirs | `lists_all` | all of the project's conversations, 100 a query; 1 query for 60 rows of one with several people that began before; once, in the last pass |
//! | person exported | user, standings by partition and their connectors, `AVATAR`; `P#REQUESTS` by creation with `PREVIEW` and `HELD_MESSAGE`; `P#WRITER#user` / `WROTE_IN#conversation`; project, `CONVERSATION`, and the rows of each conversation | `lists_all` | 3 queries and 1 batch read an answer, of at most 20 parts: 1 query for 500 requests of the project, 1 for each conversation, 1 query and 1 batch read for 60 rows of it |
//! | history shortened | `P#ERASURES` / `ERASURE#HISTORY`; `P#CONVERSATIONS` by last activity, then `P#CONVERSATION#id` / `MESSAGE#…` | `lists_all` | 1 query for 50 conversations; 1 query and 1 transaction for 100 messages; twice in all |
//! | pending requests, last messages and last tests, beside a page of connectors | `P#TALLIES` / `CONNECTOR#id#row` and `BEGUN`; `CONNECTOR#id` / `LAST_TEST` | | 1 query, 0.5 RRU for about 60 rows, and 1 batch read; in a project from before the tallies, 1 more query of 300 requests, some 26 RRU |
//! | people let in by an open connector, counted | `P#ADMITTED#connector` by admission | `lists_by_state` | 1 query, then 1 batch read per hundred people, up to 1000 |
//! | turn of a connector's next text, or a pause that its platform asked for | `CONNECTOR#id#PACE` / `PACE` | | 1 update, 1 WRU; 2 within a burst; 1 transaction of 4 WRU, with an outgoing event, when the platform begins to refuse its calls and when it takes them again |
//! | overdue marks of a kind of job | `OUTBOX#job#shard` by connector, state, time | `outbox` | a sweep: 1 or 2 queries a kind and shard, 1 more for each connector with over 300 marks there, of any state; 0.5 RRU for 20 marks read, at most 600 of a connector |
//! | dispatch of a mark | any marked row; `CONNECTOR#id#PACE` / `PACE` | `outbox` | 1 update, 1 WRU + 2 index writes; 1 batch read per hundred connectors |
//! | marks of earlier releases | `OUTBOX#shard` by time | `outbox` | 4 queries a sweep, 1 update a mark |
//! | delivery | connector, environment, `P` / `SETTINGS`, user, conversation, `OUTGOING#connector`, `P#AGENT#environment` / `AGENT` and `PARKED#conversation`, `P#CONVERSATION#id` / `CASE`, event keys | | 1 batch read |
//! | call of an agent that takes longer than a second | `P#AGENT#environment` / `AGENT` | | 2 updates, 2 WRU |
//! | failed call of an agent | the same | | 1 update, 1 WRU |
//! | message parked | `P#AGENT#environment` / `PARKED#conversation`, `P#CONVERSATION#id` / `PARKED#environment#number`, `P#WRITER#user` / `WROTE_IN#conversation` | | 1 transaction, 6 WRU (and 2 a KB), 2 more once a minute for `P#TALLIES` / `CONNECTOR#id#row`; for the first of a conversation 1 update of `AGENT`, 1 WRU + 1 index write |
//! | parked messages, handed over | `P#AGENT#environment` / `PARKED#…`; `P#CONVERSATION#id` / `PARKED#environment#…` | `outbox` | 1 query a hundred conversations and 1 or 2 a round, 1 query for about ten messages and 1 more a conversation; a delivery and 1 transaction of 2 WRU a message |
//! | delivery given up | `P#CONVERSATION#id` / `GIVEN_UP#delivery`, and `PARKED#environment#number` if it was parked, else `P#WRITER#user` / `WROTE_IN#conversation` | | 1 transaction, 4 WRU (and 2 a KB) + 1 index write, expires after 14 days |
//! | deliveries and texts that were given up, of a project, connector or environment | `P#DELIVERIES#given_up` by time | `lists_by_state` | 1 query a page, up to 4 of 250 rows or 1 MB with a filter |
//! | order to redrive them | `P#REDRIVE#id` / `REDRIVE`, audit entry | `lists_by_state`, `lists_all` | 1 transaction, 4 WRU, expires after 30 days; 1 query and 1 update for each 50 rows |
//! | delivery redriven | `P#AGENT#environment` / `PARKED#conversation` and `AGENT`; `P#CONVERSATION#id` / `GIVEN_UP#delivery`, `PARKED#environment#number` | | 1 read, 1 transaction, 8 WRU (and 2 a KB) + 2 index writes; 1 send for each environment |
//! | text redriven | as for a text that a call to the API adds, and `GIVEN_UP#…` | | 2 batch reads, 1 transaction, 1 send for each conversation |
//! | health of the agents of a page of environments | `P#AGENT#environment` / `AGENT` | | 1 batch read |
//! | answer of the agent | `P#CONVERSATION#id` / `CONVERSATION`, `OUTGOING#connector`, `MESSAGE#number` for the message and each text; event keys | | 1 transaction, 2 WRU a row (and 2 a KB) + 3 index writes, 2 WRU a key; 2 more if somebody else wrote last, for `P#WRITER#user` / `WROTE_IN#conversation`, and 2 once a minute for `P#TALLIES` / `CONNECTOR#id#row`; in a conversation that people have, 2 more for a check of `CASE`, or 4 and 3 index writes for an offer, with `ROUTED#number`; 2 and 1 index write more for each outgoing event: that the conversation began, and that it was handed off |
//! | notice for a person who waits | as for texts that a call to the API adds | | 2 batch reads, 1 transaction; 1 batch read where it was added before |
//! | edit or deletion of a message | event keys of the message and of its placeholder; the row of the message, or `P#CONVERSATION#id` / `MESSAGE#…`, last first, once the event is forgotten | | 1 batch read; at most 2 queries of 550 rows together, or 1 of 50 for a person without access; 1 update, 1 WRU (and 1 a KB) |
//! | deletion, by a person without access, of what waits | `P#CONVERSATION#id` / `PARKED#environment#…` | | 1 query of 50 rows, the newest first, up to 12 until the message is found; 1 update a row, 2 WRU (and 2 a KB) |
//! | the same, of a message that is not on record | `P#CONVERSATION#id` / `GIVEN_UP#delivery` of the message and of its placeholder | | 1 batch read; 1 transaction of 2 WRU a row (and 2 a KB) if there is one |
//! | texts that a call to the API adds | project, conversation, `P#CONVERSATION#id` / `TEXTS#call`; connector, `OUTGOING#connector`, user, standing | | 2 batch reads; 1 transaction as for an answer, with the call's row, which expires after 30 days |
//! | sign of writing that a call to the API asks for | as for texts; `CONNECTOR#id#PACE` / `PACE`, `P#CONVERSATION#id` / `TYPING` | | 3 batch reads; 1 update, 1 WRU, at most one in 3.5 seconds, expires after an hour |
//! | the same before they are sent | conversation; user, standing | | 2 batch reads a text |
//! | number of the last message, once for a conversation of the release before | `P#CONVERSATION#id` / `MESSAGE#…`, last first | | 1 query of 1 row |
//! | texts that are to be sent | `P#CONVERSATION#id` / `MESSAGE#first` to `MESSAGE#last` | | 1 query for about ten texts |
//! | text that was sent or given up | `P#CONVERSATION#id` / `OUTGOING#connector`, `MESSAGE#number` | `outbox` | 1 transaction, 4 WRU (and 2 a KB) + 1 index write |
//! | text given up that can be redriven | the same, and `CONVERSATION`, `GIVEN_UP#…` | | 1 read and 2 WRU (and 2 a KB) + 1 index write more, expires after 14 days |
//! | conversations by last activity, in one state or all | `P#CONVERSATIONS#state` or `P#CONVERSATIONS` | `lists_by_state`, `lists_all` | 1 query a page, up to 4 with a filter |
//! | messages of a conversation | project, conversation, `P#CONVERSATION#id` / `MESSAGE#number` | | 1 batch read and 1 query a page; 1 query more where messages wait for their removal |
//! | API key with its last use, and the project of the call; the request of a decision beside it | `A` / `KEY#hash` and `PROJECT#id`, `A#KEY_USES` / `KEY#hash`; `P#REQUEST#id` | | 1 batch read, 3 RRU; 1 read |
//! | use of an API key | `A#KEY_USES` / `KEY#hash` | | 1 update a day, 1 WRU |
//! | environment of an API key that is to be limited to it | `A` / `PROJECT#id`, `P` / `ENVIRONMENT#id` of each project | | 1 query and 1 batch read a hundred projects |
//! | test delivery | `A` / `AGENT_TESTS`, audit entry | | 2 reads; 1 transaction, 4 WRU; 1 write |
//! | decision | request, user, standing, `P#TALLIES` / `CONNECTOR#id#row` and `FIGURES#day#CONNECTOR#id#row`, audit entry | | 1 transaction, 12 WRU + index writes; up to a hundred in one call, one after another |
//! | place of an approved person in the directory | user and, for a number, `PHONE`, the number's user and `SAME_AS`; `END_USER` and its chat users; `END_USER`, `PHONE`, a check of `CLAIM`, audit entry | | 1 to 4 reads before the decision, 4 to 8 WRU more in it, 2 for each other chat user of the person |
//! | figures of a project, of up to 92 days | `P#TALLIES` / `FIGURES#day#…` | | 1 query a MB: some 3,000 rows, of which a day and connector has 8, and a day, client, channel and team 4 |
//! | numbers of requests, newest pending one | `P#TALLIES` / `CONNECTOR#id#row` and `BEGUN`; `P#REQUESTS#pending` by creation | `lists_by_state` | 2 queries, 0.5 RRU for about 60 rows, of which a connector has 8, and 0.5 RRU; all rows are counted, up to 1,000 by state, for a project from before they were kept |
//! | approval of a person without a pending request | user, environment, standings of the user by partition, their connectors; request, user with its `INDEX`, standing, `P#TALLIES` / `CONNECTOR#id#row`, audit entry | | 2 reads, 1 query, 1 batch read per hundred connectors, 1 transaction of 12 WRU + index writes and the proof |
//! | requests by status, or all | `P#REQUESTS#status` or `P#REQUESTS` by creation | `lists_by_state`, `lists_all` | 1 query per page, then 1 batch read per hundred rows |
//! | pending requests by their last message | standings in `P#WAITING` by it; requests | `lists_all` | 1 query and 1 batch read per page, then 1 batch read per hundred rows |
//! | chat users by status, or all | `P#USERS#status` or `P#USERS` by creation | the same | 1 query a page |
//! | end user | `P#END_USER#id` / `END_USER` | | 1 read |
//! | case of a conversation; its lines | `P#CONVERSATION#id` / `CASE`; `ROUTED#number` | | 1 read; 1 query |
//! | offer | `CASE`, `ROUTED#number` | `lists_all`, `lists_by_state`, `outbox` | 1 transaction, 4 WRU + 3 index writes; with a handoff in its transaction |
//! | conversation that waits | `CASE`, `ROUTED#number`; `A#QUEUE#queue` / `WAITING#time#conversation` and `ORDER`; `A#DESK#channel` / `QUEUE#queue` | `outbox` | 1 transaction, 8 to 10 WRU + index writes; 1 more for one that is put before others |
//! | seats and queues of a desk | `A#DESK#channel` | | 1 query a MB: some 1,000 members |
//! | open cases of a project that wait, that members have, or that one member has | `P#CASES#waiting` or `P#CASES#assigned` by the time of the offer; then `CASE` and `CONVERSATION` of each | `lists_by_state` | 1 query a page, up to 4 with a filter, and 2 batch reads |
//! | open cases of a project, counted | `P#CASES` by the time of the offer | `lists_all` | 1 query, up to 1000 |
//! | first ones of a queue | `A#QUEUE#queue` / `WAITING#…` | | 1 query for 25 |
//! | assignment | `CASE`, `ROUTED#number`, `A#DESK#channel` / `SEAT#member`, `A#HELD#member` / `CASE#channel#conversation`; of one that waits `WAITING#…` and `QUEUE#queue` | `lists_by_state` | 1 transaction, 8 or 12 WRU + index writes, 2 more for the first one of a case, for `P#TALLIES` / `FIGURES#day#DESK#client#channel#team#row`; 1 more transaction if the queue was changed meanwhile; 2 and 1 index write for its outgoing event, as in every change of a case that begins a wait or ends the work |
//! | release, requeue, transfer | the same rows | the same | 1 transaction, 8 to 14 WRU |
//! | cases that a member has | `A#HELD#member`, then each `CASE` | | 1 query and 1 batch read a hundred |
//! | load of a member, counted | `SEAT#member`; `A#HELD#member` / `CASE#channel#…`, then each `CASE` | | 1 read, 1 query and 1 batch read a hundred; 1 update if it differs |
//! | end user of a phone number | `P#PHONE#number` / `PHONE`, then the end user | | 2 reads |
//! | end users by creation, or by name | `P#END_USERS` or `P#END_USERS#by_name` | `lists_all`, `lists_by_state` | 1 query a page, up to 4 with a filter |
//! | search by one word | `P#SEARCH#kind#character` / `suffix…`, then the records | | 1 query and 1 batch read a page, whatever the size of the project; of rows of 120 bytes about 3 for each hit of one letter, 1.2 of two, 1 of more. An empty page is tried up to 4 times |
//! | search by several words, or with a filter | the same for the longest word | | 1 query and 1 batch read for a hundred candidates, up to 4; a page may be short |
//! | access requests of people who are found | the same, then `P#USER#id` / `USER` and `INDEX`, then `P#REQUEST#id` | | 1 query, 2 batch reads for fifty candidates, up to 4 |
//! | record indexed | `P#INDEXED#kind#id` / `INDEXED`, the record; `P#SEARCH#kind#character` / `suffix…` for each place of its texts | | 2 reads; 1 transaction, or 2 or 3 for more than 98 rows, of 4 WRU and 2 for each row that comes or goes: about 40 rows for a new person (84 WRU), at most 200; none if nothing changed |
//! | order to index a record | `P#END_USER#id` or `P#USER#id` / `INDEX` | `outbox` | 2 WRU + 1 index write in the change's transaction; 2 updates, 2 WRU + 2 index writes |
//! | project indexed anew | `P#END_USERS`, `P#USERS`, `P#REQUESTS` by creation, then as a record | `lists_all` | 1 query for 25 records, and all rows of each: 2 reads, 80 WRU |
//! | end users counted | `P#END_USERS` | `lists_all` | 1 query for each MB, up to 1000 rows |
//! | end user added | `P#END_USER#id` / `END_USER`, `P#PHONE#number` / `PHONE`, audit entry; `P#HOLDERS#environment` / `ONLY#id` or `ALSO#id` for each environment; checks of `CLAIM` and of each environment | | 1 transaction, 8 WRU, 4 an environment (6 if there is but one) + 2 index writes and the proof |
//! | environments of a project, to change one | `P` / `LAYOUT`, then `P` / `ENVIRONMENT#…` | | 1 read, 1 query |
//! | environment added, renamed | `P` / `ENVIRONMENT#id` (and `ENVIRONMENT_CLAIM#id`), `LAYOUT`, audit entry | | 1 transaction, 6 or 8 WRU + index writes |
//! | order of the environments changed | each `P` / `ENVIRONMENT#id` that moves, `LAYOUT`, audit entry | | 1 transaction, 4 WRU and 2 an environment + index writes |
//! | environment shown | connectors of the project; `P#HOLDERS#environment`, counted up to 1000; `P#AGENT#environment` | `lists_all` | 1 query a hundred connectors, 1 query an environment of up to 16 RRU, 1 batch read |
//! | environment deleted | `P#HOLDERS#environment` / `ONLY#…` and `CLOSED`, `P#AGENT#environment` / `PARKED#…`, `P#ERASURES`; `P` / `ENVIRONMENT#id`, `ENVIRONMENT_CLAIM#id`, `LAYOUT`, order, audit entry | | 6 queries, 2 transactions of 4 and 12 WRU + index writes |
//! | deleted environment, taken from its holders | `P#HOLDERS#environment`, each person as a change of one; `P#USERS` by creation; `P#AGENT#environment` | `lists_all` | 1 query for 25 people, 1 query for 200 chat users; twice in all |
//! | project deleted | every connector as a deletion of one; `A` / `PROJECT#id`, `PROJECT_CLAIM#id`, `P` / `LAYOUT`, order, audit entry | | 1 transaction, 10 WRU and 6 to 10 a connector + index writes and the proof, for up to 15 connectors |
//! | everything in a deleted project | `P#ERASURES` / `ERASURE#PROJECT`; the lists of its records, then each partition | `lists_all`, `lists_by_state` | 1 query for 20 partitions, 1 query and 1 transaction of 2 WRU a row for 30 rows, 1 query more for each chat user and conversation, 1 update for each chat user and end user; once |
//! | end user changed | the same; the old number's `PHONE`; the linked `P#USER#id` / `USER` if phone number or environments change | | 1 read, 1 batch read; 1 transaction, 4 to 8 WRU, 2 a chat user, 4 a new environment and 2 one given up + index writes and the proof |
//! | end user deleted | `P#END_USER#id` / `END_USER` and `CLAIM`, `PHONE`, `P#HOLDERS#environment`, linked `USER`s, audit entry | | 1 read, 1 batch read; 1 transaction, 8 WRU, 2 a chat user and an environment + index writes and the proof |
//! | import made, read | `P#IMPORT#id` / `IMPORT` | | 1 transaction, 2 WRU + index writes and the proof; 1 read |
//! | part of an imported file | `P#IMPORT#id` / `PART#name#chunk`, then `IMPORT` | | 1 write of 256 WRU for each 192 KB, 1 update, 1 WRU + index writes; expires after 30 days |
//! | import started | `P#IMPORT#id` / `IMPORT`, `P#IMPORTS` / `RUNNING`, audit entry | | 1 transaction, 6 WRU + index writes and the proof |
//! | imports of a project; mistakes of one | `P#IMPORTS` by creation; `P#IMPORT#id#ERRORS#run` by number | `lists_all` | 1 query a page |
//! | rows of an import | the chunks from the first on; `PHONE` and `END_USER` of each 100 rows; `A` / `PROJECT#id`, and key or member of whoever started it | | an invocation: 1 read of 32 RRU a chunk; 100 rows: 4 to 6 reads and batch reads, 1 update, 1 WRU a KB + index writes |
//! | person whom an import adds or changes | as for a call, without the proof | | 1 transaction; 1 read more for a change |
//! | mistakes that an import finds | `P#IMPORT#id` / `ERROR#run#number` | | 1 transaction a hundred, 2 WRU each + 1 index write, at most 5,000; expires after 30 days |
//! | chat user linked or unlinked | `P#END_USER#id` / `END_USER`, `PHONE`, all linked `USER`s if their environments change, audit entry | | 2 reads, 1 batch read; 1 transaction, 6 WRU and 2 a chat user + index writes and the proof |
//! | chat users counted by status | `P#USERS#status` | `lists_by_state` | 1 or 2 queries for each status, up to a thousand rows |
//! | access of a person to an environment revoked | user, standings of the user by partition, their connectors, requests; user, standings that admit, requests, audit entry | | 1 read, 1 query, 2 batch reads, 1 transaction of 2 WRU a row + index writes |
//! | creation or deletion of a connector | `CONNECTOR#id` / `CONNECTOR` and `CLAIM`, `A#CLIENT_CONNECTORS` / `CLIENT#c#part`, and `CLIENT#c` for a deletion, `P` / `LAYOUT`, audit entry; the check of the environment, or a deletion's `P#CLOSINGS` | | 1 transaction, 12 or 14 WRU + index writes |
//! | deletion of a client | `A` / `CLIENT#c`, `A#CLIENT_CONNECTORS` / `CLIENT#c` and its eight parts with 53 bytes for each connector, audit entry; members | `lists_all` | queries of all members, 1 transaction, 22 WRU (and 2 a KB) + index writes and the proof |
//! | projects, environments, connectors, keys | `…S` by creation | `lists_all` | 1 query a page |
//! | creation of a project | `A` / `PROJECT#id`, `PROJECT_CLAIM#id` and `LATEST_PROJECT`, `P` / `SETTINGS` and `ENVIRONMENT#id` for each, `P#TALLIES` / `BEGUN`, audit entry; a check of `A` / `ACCOUNT` | | 1 transaction, 14 WRU and 2 an environment + index writes |
//! | project archived, or taken back | `A` / `PROJECT#id`, `P` / `SETTINGS` and `LAYOUT`, connectors, audit entry | `lists_all` | 1 read, 2 queries, 1 batch read per hundred connectors, 1 transaction of 8 WRU and 2 for each KB of a connector + index writes |
//! | change of a project | `A` / `PROJECT#id`, `P` / `SETTINGS`, audit entry | | 1 transaction, 6 WRU + index writes |
//! | session of a call in an account | `LOGIN#l#SESSIONS`, `LOGIN#l#SESSION_USES`, `LOGIN#l#MEMBERS`, `A` / `ACCOUNT` and the `PROJECT#id` of the call, `A#ROLES`; then `A#MEMBER#m` / `MEMBER`, and `A#IDENTITY#hash` for a session through a provider | | 2 batch reads, 8 RRU; 1 read of the call's record beside them |
//! | API key of a member | as any key, then `A#MEMBER#m` / `MEMBER` and `A#ROLES` | | 2 batch reads, 4 RRU |
//! | activity of a session; member seen in an account | `LOGIN#l#SESSION_USES` / `SESSION#hash`; `SEEN#m` | | 1 update in 5 minutes, 1 WRU; 2 updates in an hour for each account that the session is used in, 2 WRU; `SEEN#m` expires after 400 days |
//! | proof of the caller's right in a change | key or session; member; roles if the member's role is a custom one | | 2 WRU each, in the change's transaction |
//! | member changed | `A#MEMBER#m` / `MEMBER`, audit entry; `A#DESK#channel` / `SEAT#m` of each seat that changes, `A#REQUEUE#m` / `REQUEUE` if conversations may have to wait again; a witness if an active super admin is taken away | `lists_by_state`, `outbox` | 1 transaction, 4 WRU + index writes and the proof, 2 a seat, at most 40; 1 query for witnesses, 2 WRU each that is tried |
//! | members of a team | `A#MEMBERS` | `lists_all` | 1 to 4 queries of 250 rows a page |
//! | team by name; team created, renamed, deleted | `A#TEAM_NAME#hash` / `TEAM`, `A#TEAM#t` / `TEAM`, audit entry | `lists_by_state` | 2 reads; 1 transaction, 6 or 8 WRU + index writes and the proof |
//! | teams by name | `A#TEAMS` | `lists_by_state` | 1 query a page |
//! | channels that an account added | `A#CHANNELS` / `CHANNELS`, audit entry | | 1 read; 1 transaction, 4 WRU and the proof |
//! | the same for a message that a customer's own system brings | `A#CHANNELS` / `CHANNELS` | | 1 read, 1 RRU |
//! | channel removed | and members, clients, `A#DESK#channel` | `lists_all` | queries of all members and clients, 1 query, 1 transaction of 2 WRU a row for ninety rows |
//! | image of a member | `A#MEMBER#m` / `IMAGE` | | 1 read, up to 34 RRU; 1 transaction, 2 WRU a KB; 1 read for a removal |
//! | members by name, or of one role | `A#MEMBERS` or `A#MEMBERS#role`; `LOGIN#l#SESSION_USES` / `SEEN#m` of each | `lists_all`, `lists_by_state` | 1 query and 1 batch read a page |
//! | invitation | `A#INVITATION#i`, `A#MEMBER#m`, `A#ADDRESS#hash`, `A#MAIL#id`, audit entry | | 1 transaction, 10 WRU + index writes and the proof |
//! | invitations by creation | `A#INVITATIONS`, then members and latest mails | `lists_all` | 1 query a page and 1 batch read per fifty |
//! | acceptance | invitation, member, `A#DESK#channel` / `SEAT#m` for each allowed channel, `LOGIN#l`, `EMAIL#hash`, `LOGIN#l#MEMBERS`, session, identity, audit entry | | 1 transaction, up to 16 WRU + index writes, 2 for each seat and each session that ends |
//! | account deleted | `A`, `A#METHODS`, `A#CLIENT_CONNECTORS`, the `A#DESK#channel` of every channel and the `A#QUEUE#queue` of every queue there by partition; `A#TEAMS`, each `A#TEAM#t` and `A#TEAM_NAME#hash`; `A#INVITATIONS`, and of each invitation the row, its mails, its `A#BLOCKED#hash`, `A#MEMBER#m`, and `LOGIN#l#IDENTITIES` with each `A#IDENTITY#hash`; `A` / `ACCOUNT`, `LATEST_PROJECT`, `A#ROLES` and what a removed member has | `lists_all`, `lists_by_state` | 5 queries, 1 a channel and queue, and 2 reads, 1 query and 1 batch read for fifty invitations, 1 query a login; each other member as any change of one; 1 transaction of 2 WRU a row for ninety rows, 1 for the rest |
//! | login of an address | `EMAIL#hash`, `LOGIN#l`; the decoy's rows in place of those that are not there | | 2 batch reads, 4 RRU, whether or not there is one |
//! | accounts of a login | `LOGIN#l#MEMBERS`, then account, roles and member of each | | 1 query, 1 batch read |
//! | sessions of a login | `LOGIN#l#SESSIONS`, `LOGIN#l#SESSION_USES` | | 2 queries |
//! | sign-in, sign-out | `LOGIN#l`, sessions and the end of all, `LOGIN#l#DEVICES`, mail, audit entries | | 1 transaction, 2 WRU a row |
//! | end of all sessions of a login | `LOGIN#l#SESSIONS` / `ENDED` | | part of the change that ends them, 2 WRU |
//! | reset asked for, spent | `RESET#hash`, mail | | 1 transaction, 4 WRU; part of the login's |
//! | refused sign-in | `LOGIN#l`, `LOGIN#l#MEMBERS`, then account, roles and member of each; an audit entry in each | | 1 job; in its worker 1 read, 1 query, 1 batch read, 1 transaction of 2 WRU an account |
//! | another address asked for | `LOGIN#l#NEW_ADDRESSES` / `NEW_ADDRESS#hash`, two mails | | 1 transaction, 6 WRU |
//! | another address taken | `LOGIN#l`, both `EMAIL#hash`, sessions, mails, audit entries; then of each account `A#MEMBER#m` and both `A#ADDRESS#hash` | | 1 query, 1 transaction of 2 WRU a row; 1 batch read and 1 transaction of 6 WRU an account |
//! | login deleted | `LOGIN#l#IDENTITIES` and each `A#IDENTITY#hash`, `LOGIN#l#DEVICES`, changes of the address and session uses by partition, `LOGIN#l#MAILS` and those by address; `LOGIN#l`, `EMAIL#hash`, sessions | `lists_all` | 6 queries, 1 transaction of 2 WRU for each hundred rows, 2 for an identity |
//! | sign-in through a provider | `FLOW#hash` | | 1 write; 1 read and 1 transaction |
//! | attempt before a throttle | `THROTTLE#kind#hash` | | 1 or 2 updates, 1 WRU |
//! | mail sent | `A#MAIL#id` or `LOGIN#l#MAIL#id`, `MAIL_SENT#hash`; `A#BLOCKED#hash`, `BOUNCED#hash` | `outbox` | 2 updates, 1 batch read, 1 read, 1 transaction of 4 WRU; expires after 90 days |
//! | notices of new requests, ordered | `P#NOTICES` / `NOTICES` | `outbox` | for each request 1 update, 1 WRU + 1 index write for the first |
//! | notices of new requests, made | `P#NOTICES` / `NOTICES`; `P#REQUESTS#pending` by creation; connectors, requests, `PREVIEW`s, chat users; account, project; `A#MEMBERS` by name, `A#ROLES`, members, logins | `lists_by_state`, `lists_all` | 2 updates and 1 query for each round of at least five minutes, 1 query for a hundred requests; 2 or 3 batch reads, 1 query, 2 reads and 1 update for a hundred members, and 1 write a mail |
//! | notice of new requests, sent | as any mail; `A#MEMBER#m` / `MEMBER`; login, `A#ROLES`, requests, chat users; `A#NOTICE_DAYS` / `DAY#yyyy-mm-dd` | | 2 reads and 1 batch read more, 25 RRU at most; 1 update, 1 WRU, expires after 2 days |
//! | outgoing event | `A#OUTGOING_EVENT#id` / `OUTGOING_EVENT` | `outbox` | 2 WRU + 1 index write in the change's transaction; expires after 8 days |
//! | outgoing event, published | the same; `A#SUBSCRIPTIONS` and `A#SUBSCRIPTION#s` / `HEALTH` of each; for each that hears it `SEQUENCE` and `DELIVERY#event` | `lists_all`, `outbox` | 1 read, 1 query, 1 batch read, 1 update; for a subscription 1 read and 1 transaction, 2 WRU and 2 an event + index writes, for 40 events at most |
//! | outgoing events of an account that are not published | `OUTBOX#publish_event#shard` from the account's lane | `outbox` | 4 queries |
//! | event sent to a subscription | `A#SUBSCRIPTION#s` / `DELIVERY#event`; `A#SUBSCRIPTIONS` / `SUBSCRIPTION#s`, `A#OUTGOING_EVENT#id`, `HEALTH` | `outbox` | 2 updates, 1 batch read; 1 or 2 writes of `HEALTH` more for a failure and for an answer that takes longer than a second; 1 transaction for a pause, with its audit entry and its event |
//! | subscriptions of an account | `A#SUBSCRIPTIONS` / `SUBSCRIPTION#s`, at most 20 | | 1 query, 1 batch read of `HEALTH` |
//! | subscription added, deleted | the same and `IDS`, audit entry; for a deletion `SEQUENCE` and `HEALTH` | | 1 transaction, 6 or 8 WRU and the proof |
//! | subscription tested | `A#SUBSCRIPTIONS` / `TEST`, audit entry | | 1 transaction, 4 WRU; 1 write |
//! | deliveries to a subscription | `A#SUBSCRIPTION#s#DELIVERIES` by number | `lists_all` | 1 query a page, up to 4 with a filter |
//! | event sent again | `A#SUBSCRIPTION#s` / `DELIVERY#event`, `A#OUTGOING_EVENT#id`, audit entry | `outbox` | 1 batch read, 1 transaction, 4 WRU and the proof, 1 send |
//! | event of a mail | `MAIL_SENT#hash`, the mail, `A#BLOCKED#hash`, `BOUNCED#hash` | | 2 or 3 reads, 1 transaction, 2 to 6 WRU |
//! | first admin's invitation, ordered | `SET_UP` / `SET_UP`, `FIRST_ADMIN` / `ORDERS` | | 1 batch read a sweep of a stack that was told whom to invite, 2 RRU; 1 update an order, 1 WRU |
//! | login methods | `A#METHODS` | | 1 query; a change 1 transaction, with `A` / `ACCOUNT` if there is one more or less |
//! | audit log of an actor, or about a target | `A#AUDIT_BY#actor` or `A#AUDIT_ON#target` by id | `lists_by_state`, `lists_all` | 1 query a page, up to 4 with a further filter |
//! | audit log by dates | `A#AUDIT#yyyy-mm` / id; `A` / `ACCOUNT` for its first month | | 1 read, up to 4 queries a page, and up to 36 of months without entries |
//! | unreadable events | `CONNECTOR#id#DEAD_LETTERS` / hash | | 1 write, expires after 14 days |
//!
//! These three indexes are meant to suffice: a stack update can add or delete only one, and every
//! planned feature (DESIGN §4, §11–§14) fits into them or into rows of its own.
//!
//! | index | contents | planned use |
//! |---|---|---|
//! | `lists_by_state` | records by their state, and other narrow lists | conversations by state, end users by status |
//! | `lists_all` | all records of a kind in the order that its list has by default | conversations by their last message, end users by name, teams, imports |
//! | `outbox` | rows that order a job | outgoing messages, mail, events, routing, index rows, parked conversations: a kind of job each |
//! | none: a row of its own under the key that is looked up | | phone numbers, search suffixes, assignments of a member, eligible members and the queue of a client and channel, messages of a conversation |
//!
//! A list in another order needs one more row for each record, written in the record's transaction.

mod account_rows;
mod chat_user_rows;
mod connector_rows;
mod conversation_rows;
mod directory_rows;
mod event_rows;
mod figure_rows;
mod import_rows;
mod kept_block_rows;
mod project_rows;
mod quota_rows;
mod request_rows;
mod routing_rows;
mod search_rows;
mod team_rows;

pub use account_rows::{
    account, agent_tests, api_key, api_key_id, api_key_use, api_keys, client, client_connectors,
    client_connectors_part, connectors_of_clients, is_api_key, latest_project, use_of,
};
pub use chat_user_rows::{
    STANDING_PREFIX, WROTE_IN_PREFIX, admitted, avatar, chat_user, chat_users, is_chat_user,
    parse_standing, same_as, standing, wishes, written_by, written_conversation,
};
pub use connector_rows::{
    connector, connector_claim, connector_test, connectors, handled_event, pace, sent_message,
    unreadable_event, unreadable_events_of,
};
pub use conversation_rows::{
    GIVEN_UP_PREFIX, MESSAGE_PREFIX, PARKED_PREFIX, TEXTS_PREFIX, TYPING, closed_conversations,
    conversation, conversations, given_up, handed_off_conversations, message, open_conversations,
    outgoing, parked_conversation, parked_message, parked_messages_prefix, parse_conversation,
    parse_message_number, parse_outgoing, text_batch, typing,
};
pub use directory_rows::{
    ONLY_PREFIX, end_user, end_user_claim, end_users, end_users_by_name, environment_closing,
    holder, holders, is_end_user, is_phone, parse_holder, phone,
};
pub use event_rows::{
    SUBSCRIPTION_PREFIX, event_deliveries, event_delivery, outgoing_event, parse_event_delivery,
    parse_outgoing_event, subscription, subscription_health, subscription_ids,
    subscription_sequence, subscription_test, subscriptions,
};
pub use figure_rows::{FIGURES_PREFIX, figures, figures_on};
pub use import_rows::{
    import, import_chunk, import_error, import_errors, imports, parse_import, running_import,
};
pub use kept_block_rows::{is_kept_block, kept_block, kept_blocks};
pub use project_rows::{
    ENVIRONMENT_PREFIX, ERASED_ENVIRONMENT_PREFIX, PROJECT_PREFIX, environment, environment_claim,
    environments, erasure, layout, parse_erasure, project, project_claim, project_settings,
    projects, rows_of_project,
};
pub use quota_rows::{brought, held_back, held_back_in, quota};
pub use request_rows::{
    access_request, access_requests, closing, closings_in, expiry, held_message, parse_closing,
    parse_expiry, preview, tallies_begun, tallies_in, tally, waiting,
};
pub use routing_rows::{
    HELD_PREFIX, QUEUE_PREFIX, ROUTED_PREFIX, SEAT_PREFIX, WAITING_PREFIX, assigned_cases, case,
    desk, held_by, held_case, held_prefix, open_cases, parse_case, parse_queue_order,
    parse_rehoming, parse_requeue, queue, queue_order, rehoming, released_cases, requeue, routed,
    seat, team, team_name, teams, unassigned_cases, waiting_case, waiting_in, waiting_place,
};
pub use search_rows::{index_order, indexed, parse_index_order, parse_suffix, suffix, suffixes};
pub use team_rows::{
    address_change, address_changes, audit_by, audit_month, audit_on, blocked_address,
    bounced_address, by_name, channels, clients, decoy_address, decoy_gap, decoy_id, decoy_login,
    device, devices, flow, identity, invitation, invitations, login, login_address,
    login_identities, login_identity, login_mails, login_member, login_members, login_method,
    login_methods, mail, mail_sent, member, member_address, member_image, member_seen, members,
    notice_day, parse_mail, recovery, reset, roles, session, session_use, session_uses, sessions,
    sessions_ended, throttle,
};

use std::{collections::HashMap, fmt};

use aws_sdk_dynamodb::types::AttributeValue;
use vestibule_domain::{
    AccountScope, ProjectScope, Timestamp,
    ids::{AccountId, EnvironmentId, ProjectId, RedriveId},
    ports::OutboxPart,
};

/// Partition and sort key of the table.
pub const PK: &str = "pk";
/// See [`PK`].
pub const SK: &str = "sk";
/// Time to live, in seconds since 1970. No rule depends on it.
pub const EXPIRES_AT: &str = "expires_at";

/// Index for lists of records by their state.
pub const INDEX_BY_STATE: &str = "lists_by_state";
/// Keys of [`INDEX_BY_STATE`].
pub const STATE_PK: &str = "state_pk";
/// See [`STATE_PK`].
pub const STATE_SK: &str = "state_sk";

/// Index for lists of all records of a kind.
pub const INDEX_ALL: &str = "lists_all";
/// Keys of [`INDEX_ALL`].
pub const ALL_PK: &str = "all_pk";
/// See [`ALL_PK`].
pub const ALL_SK: &str = "all_sk";

/// Index of rows that order a job: sparse, keys only.
pub const INDEX_OUTBOX: &str = "outbox";
/// Keys of [`INDEX_OUTBOX`].
pub const OUTBOX_PK: &str = "outbox_pk";
/// See [`OUTBOX_PK`]. A number made of the lane in a sweep, the state and the time (`marks`).
pub const OUTBOX_DUE: &str = "outbox_due";

/// The primary key of one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.pk, self.sk)
    }
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// Returns the key as DynamoDB expects it.
    #[must_use]
    pub fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

fn account_pk(id: AccountId) -> String {
    format!("ACCOUNT#{id}")
}

fn of_account(scope: AccountScope, rest: &str) -> String {
    format!("{}#{rest}", account_pk(scope.account_id()))
}

fn project_pk(scope: ProjectScope) -> String {
    format!(
        "{}#PROJECT#{}",
        account_pk(scope.account_id()),
        scope.project_id()
    )
}

/// The record of the stack's set-up.
#[must_use]
pub fn set_up() -> Key {
    Key::new("SET_UP", "SET_UP")
}

/// The orders of the first admin's invitation. The row has a partition of its own because roles are limited by
/// partition, and whoever makes orders may not change the set-up.
#[must_use]
pub fn first_admin_orders() -> Key {
    Key::new("FIRST_ADMIN", "ORDERS")
}

/// The stack's data key.
#[must_use]
pub fn keyring() -> Key {
    Key::new("KEYRING", "CURRENT")
}

/// The health of an environment's agent, its slots, and the order to hand over what waits for it. It has a
/// partition of its own because roles are limited by partition, and the worker that writes it must not
/// write the environment.
#[must_use]
pub fn agent(scope: ProjectScope, id: EnvironmentId) -> Key {
    Key::new(
        format!("{}#{AGENT}#{id}", project_pk(scope)),
        AGENT.to_owned(),
    )
}

const AGENT: &str = "AGENT";

/// Parses the key of an agent: the outbox index contains only keys.
#[must_use]
pub fn parse_agent(key: &Key) -> Option<(ProjectScope, EnvironmentId)> {
    let (scope, rest) = parse_project(&key.pk)?;
    let [AGENT, environment] = rest.as_slice() else {
        return None;
    };
    (key.sk == AGENT).then_some((scope, environment.parse().ok()?))
}

/// The list of a project's deliveries and texts that were given up.
#[must_use]
pub fn given_up_deliveries(scope: ProjectScope) -> String {
    format!("{}#DELIVERIES#given_up", project_pk(scope))
}

/// An order to try again what was given up.
#[must_use]
pub fn redrive(scope: ProjectScope, id: RedriveId) -> Key {
    Key::new(format!("{}#REDRIVE#{id}", project_pk(scope)), "REDRIVE")
}

/// The list of orders to try again what was given up.
#[must_use]
pub fn redrives(scope: ProjectScope) -> String {
    format!("{}#REDRIVES", project_pk(scope))
}

/// The order to tell members of a project's new requests. It has a partition of its own because roles are
/// limited by partition.
#[must_use]
pub fn notices(scope: ProjectScope) -> Key {
    Key::new(format!("{}#{NOTICES}", project_pk(scope)), NOTICES)
}

const NOTICES: &str = "NOTICES";

/// Parses the key of an order of notices: the outbox index contains only keys.
#[must_use]
pub fn parse_notices(key: &Key) -> Option<ProjectScope> {
    let (scope, rest) = parse_project(&key.pk)?;
    (rest == [NOTICES] && key.sk == NOTICES).then_some(scope)
}

/// Parses the account and project at the start of a partition key, and returns the parts after them.
fn parse_project(pk: &str) -> Option<(ProjectScope, Vec<&str>)> {
    let mut parts = pk.split('#');
    let mut expect = |name: &str| (parts.next()? == name).then(|| parts.next()).flatten();
    let account: AccountId = expect("ACCOUNT")?.parse().ok()?;
    let project: ProjectId = expect("PROJECT")?.parse().ok()?;
    let scope = AccountScope::of_verified(account).project(project);
    Some((scope, parts.collect()))
}

/// Parses the account at the start of a partition key, and returns the parts after it.
fn parse_account(pk: &str) -> Option<(AccountScope, Vec<&str>)> {
    let mut parts = pk.split('#');
    if parts.next()? != "ACCOUNT" {
        return None;
    }
    let account: AccountId = parts.next()?.parse().ok()?;
    Some((AccountScope::of_verified(account), parts.collect()))
}

/// An audit entry.
#[must_use]
pub fn audit(scope: AccountScope, at: Timestamp, id: &str) -> Key {
    let month: String = at.to_string().chars().take(7).collect();
    Key::new(
        format!("{}#AUDIT#{month}", account_pk(scope.account_id())),
        id,
    )
}

/// The sort key of lists in the order of creation.
#[must_use]
pub fn by_creation(created_at: Timestamp, id: impl fmt::Display) -> String {
    format!("{created_at}#{id}")
}

/// A partition of the outbox.
#[must_use]
pub fn outbox(part: OutboxPart) -> String {
    format!("OUTBOX#{}#{}", part.kind.key(), part.shard)
}

/// A partition of the outbox in the format of the first release, for all kinds of jobs, sorted by
/// time alone. The sweep moves the marks in it. This function and its users can be removed one
/// release after every stack has run this release for an hour.
#[must_use]
pub fn old_outbox(shard: u8) -> String {
    format!("OUTBOX#{shard}")
}

#[cfg(test)]
mod tests;
