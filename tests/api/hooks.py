"""Keeps schemathesis to requests that API Gateway passes on to the operation that is meant."""

import schemathesis

# An HTTP API knows no others.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


@schemathesis.hook
def filter_case(context, case) -> bool:
    """Leaves out unknown methods, and paths with an empty segment or a further one, which lead elsewhere."""
    segments = [str(value) for value in (case.path_parameters or {}).values()]
    leads_elsewhere = any(segment in ("", ".", "..") or "/" in segment for segment in segments)
    return case.method.upper() in METHODS and not leads_elsewhere
