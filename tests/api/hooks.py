"""Keeps schemathesis to requests that API Gateway passes on to the operation that is meant."""

from urllib.parse import unquote

import schemathesis

# An HTTP API knows no others.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


@schemathesis.hook
def filter_case(context, case) -> bool:
    """Leaves out unknown methods, and paths that the gateway refuses or that lead elsewhere."""
    segments = [str(value) for value in (case.path_parameters or {}).values()]
    return case.method.upper() in METHODS and all(map(_is_one_segment, segments))


def _is_one_segment(sent: str) -> bool:
    # Some cases come percent-encoded.
    text = unquote(sent)
    return text not in ("", ".", "..") and "/" not in text and text.isprintable()
