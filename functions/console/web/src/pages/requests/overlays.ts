/** Dialogs over the requests, and parts that open among them: no part of the first load (U173). */
export { ExplainDialog } from "../explain/explain-dialog";
export { BlockDialog } from "./block-dialog";
export { BulkDialog } from "./bulk-dialog";
export { DecisionForm } from "./decision-form";
export { DetailsPanel } from "./details-panel";
export { ExportRequests } from "./export-requests";
export { RevokeDialog } from "./revoke-dialog";
