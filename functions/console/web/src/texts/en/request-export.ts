/** Texts of the export of access requests. */
export const requestExport = {
  exportTitle: "Exporting access requests",
  exportAbout: "The list is exported as it is filtered, with names and identifiers of people.",
  exportRows: (rows: string) => `${rows} requests so far`,
  exported: (rows: string) => (rows === "1" ? "1 request was exported" : `${rows} requests were exported`),
  exportedNothing: "The filters show no request, so there was nothing to export.",
  exportGoOn: "Continue",
  cancelled: "The export was cancelled",
} as const;
