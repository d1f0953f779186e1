"""What a client would like, as `Prefer` says it (RFC 7240)."""

from starlette.datastructures import Headers

RESPOND_ASYNC = "respond-async"


def prefers_async(headers: Headers) -> bool:
    """Whether a client would rather be answered at once, and come again for the result."""
    named = (
        part.partition(";")[0].strip() for part in ",".join(headers.getlist("prefer")).split(",")
    )
    return RESPOND_ASYNC in (name.lower() for name in named)
