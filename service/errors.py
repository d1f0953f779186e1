"""What can go wrong, each with its status and words that are safe to show to a client.

The text of an error is public. Internals (paths, tracebacks, the runtime's messages) belong in
`raise ... from error`, which is logged and never sent.
"""

# ruff: noqa: N818 - each name reads as the condition that is answered, as in RFC 9457
import math
from collections.abc import Mapping
from typing import ClassVar


class ServiceError(Exception):
    """An answer that is not an image.

    Attributes:
        status: HTTP status.
        slug: Stable name of the kind of problem, for programs.
        title: The kind of problem in words; the same for every occurrence.
        detail: This occurrence in words.
        headers: Headers that the answer carries.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "The service failed"

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers: dict[str, str] = dict(headers or {})


def slugs(kind: type[ServiceError] = ServiceError) -> set[str]:
    """The slugs of all kinds of problems."""
    return {kind.slug}.union(*map(slugs, kind.__subclasses__()))


class MalformedForm(ServiceError):
    """The body is not the multipart form that it claims to be."""

    status = 400
    slug = "malformed-form"
    title = "The form cannot be read"


class Unauthorized(ServiceError):
    """No key, or not one of the keys."""

    status = 401
    slug = "unauthorized"
    title = "A valid key is needed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"WWW-Authenticate": "Bearer"})


class OriginRefused(ServiceError):
    """A browser page from an origin that is not on the list."""

    status = 403
    slug = "origin-refused"
    title = "This origin may not use the service"


class NoSuchJob(ServiceError):
    """No job of that id that the one who asks may see."""

    status = 404
    slug = "no-such-job"
    title = "There is no such job"


class NoSuchModel(ServiceError):
    """No network of that name to tell about."""

    status = 404
    slug = "no-such-model"
    title = "There is no such model"


class UploadStalled(ServiceError):
    """The client stopped sending its body, or sends too slowly while others wait."""

    status = 408
    slug = "upload-stalled"
    title = "The upload stalled"


class BodyTooLarge(ServiceError):
    """More bytes than a body may have."""

    status = 413
    slug = "body-too-large"
    title = "The body is too large"


class UnsupportedImage(ServiceError):
    """Not a format, depth or kind of image that the service reads."""

    status = 415
    slug = "unsupported-image"
    title = "This kind of image is not supported"


class InvalidRequest(ServiceError):
    """The request is well formed, but what it asks for makes no sense."""

    status = 422
    slug = "invalid-request"
    title = "The request cannot be processed"


class UnknownField(InvalidRequest):
    """A name that means nothing: whatever it was to do would silently not be done."""

    slug = "unknown-field"
    title = "The request has a field that is not known"


class UnknownModel(InvalidRequest):
    """A network is asked for that there is not."""

    slug = "unknown-model"
    title = "There is no such model"


class BrokenImage(InvalidRequest):
    """Truncated or damaged image data."""

    slug = "broken-image"
    title = "The image is broken"


class TooManyPixels(InvalidRequest):
    """The header announces more pixels than are allowed."""

    slug = "too-many-pixels"
    title = "The image has too many pixels"


class SizesDiffer(InvalidRequest):
    """Image and mask are not of one size."""

    slug = "sizes-differ"
    title = "Image and mask differ in size"


class NothingKnown(InvalidRequest):
    """The hole covers the whole image."""

    slug = "nothing-known"
    title = "The whole image is a hole"


class InferenceFailed(ServiceError):
    """The engine failed on this request's windows."""

    slug = "inference-failed"
    title = "Inference failed"


class Retryable(ServiceError):
    """The same request may succeed later; `Retry-After` says when."""

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail, {"Retry-After": str(max(1, math.ceil(retry_after_s)))})


class JobUnderWay(Retryable):
    """The result of a job is asked for before there is one."""

    status = 409
    slug = "job-under-way"
    title = "The job is under way"


class QueueFull(Retryable):
    """Every worker is busy and every place to wait is taken."""

    status = 429
    slug = "queue-full"
    title = "Too many requests are waiting"


class TooManyAtOnce(Retryable):
    """The key has as many requests and jobs under way as it may have."""

    status = 429
    slug = "too-many-at-once"
    title = "The key has too many requests under way"


class TooManyRequests(Retryable):
    """The key has sent as many requests in a minute as it may."""

    status = 429
    slug = "too-many-requests"
    title = "The key has sent too many requests"


class PixelsSpent(Retryable):
    """The key has had as many pixels filled in a day as it may."""

    status = 429
    slug = "pixels-spent"
    title = "The key's pixels of the day are spent"


class Unavailable(Retryable):
    """Starting, draining, out of temporary storage, or too busy to meet the deadline."""

    status = 503
    slug = "unavailable"
    title = "The service cannot take this request now"


class ModelRefused(Unavailable):
    """A network whose file cannot be served as it is."""

    slug = "model-refused"
    title = "This model cannot be served"


class DeadlinePassed(ServiceError):
    """The request's time is up."""

    status = 504
    slug = "deadline-passed"
    title = "The deadline passed"


class ClientGone(Exception):
    """The client closed the connection; its work is dropped and nothing is answered."""
