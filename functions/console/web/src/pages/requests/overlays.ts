/** Dialogs over the requests, and parts that open among them: no part of the first load (U173). */
export { ExportDialog } from "../../frame/export-dialog";
export { ExplainDialog } from "../explain/explain-dialog";
export { BlockDialog } from "./block-dialog";
export { BulkDialog } from "./bulk-dialog";
export { DecisionForm } from "./decision-form";
export { DetailsPanel } from "./details-panel";
export { RevokeDialog } from "./revoke-dialog";
