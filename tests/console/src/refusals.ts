/** A refusal as the API words one. */
export const PROBLEM = {
  type: "/problems/unavailable",
  title: "Something we need did not answer",
  status: 503,
  detail: "Try again in a moment.",
  request_id: "5a3f0e0e-0000-4000-8000-000000000000",
};

export const REFUSED = { status: 503, contentType: "application/problem+json", body: JSON.stringify(PROBLEM) };

/** An answer of the gateway while the service has no room, which is no problem of the API. */
export const BUSY = {
  status: 503,
  contentType: "application/json",
  body: JSON.stringify({ message: "Service Unavailable" }),
};
