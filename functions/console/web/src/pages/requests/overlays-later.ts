import { later } from "../../ui/loading";

/** Dialogs, panel and forms of the requests, loaded when one is wanted or the browser is idle. */
export const overlays = later(() => import("./overlays"));
