"""`POST /inpaint`: a photo and a mask in, the inpainted photo out."""

import base64
import json
from collections.abc import Iterator

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.http.accept import accepted_format
from service.http.events import EventResponse, Events, accepts_events
from service.http.form import read_form
from service.http.openapi import INPAINT_RESPONSES, inpaint_request_body
from service.imaging.encoding import MEDIA_TYPES
from service.pipeline import Work
from service.record import record_of
from service.runtime import Runtime

PATH = "/inpaint"
BASE64_CHUNK = 3 * 2**18  # bytes of the answer encoded at a time; a multiple of 3 needs no padding

router = APIRouter(tags=["inpainting"])


@router.post(
    PATH,
    summary="Fill the holes of a photo",
    response_class=Response,
    responses=INPAINT_RESPONSES,
    openapi_extra={"requestBody": inpaint_request_body()},
)
async def inpaint(request: Request) -> Response:
    """Fills what the mask marks and leaves every other pixel as it is.

    The answer is an image of the same size, upright. Grey stays grey, palette and CMYK become RGB,
    transparency is kept and is opaque in the hole; an RGB or grey colour profile is kept. In PNG
    and WebP known pixels are bit for bit those of the decoded photo. A mask without any white
    answers the photo itself.

    With the field `crop` the answer is only the smallest rectangle that holds all that changed. The
    header `X-Inpaint-Crop` says where in the upright photo it belongs, `X-Inpaint-Size` how large
    that is. Where nothing changed there is nothing to paste: 204, no body, and the rectangle
    0,0,0,0.

    The field `format` says what the answer is; without it `Accept: image/jpeg` or `image/webp`
    does, if the header names images only.

    With `Accept: text/event-stream` the answer is a stream of server-sent events instead, each with
    one line of JSON. `progress` says how many steps are `done` of the `total`: windows filled by
    the model, then groups of holes given their texture; comments in between show that the service
    is alive. The stream ends with one `result` (the `image` in base64, its `media_type`, `windows`,
    `texture` and `server_timing` as in the headers of the other answer; with `crop` also `crop` and
    `size`, as lists of numbers, and an empty `image` where nothing changed) or one `error`, a
    problem. What is refused before the photo is looked at (keys, origins, sizes, malformed forms, a
    full queue) is answered with its status and no stream.
    """
    runtime: Runtime = request.app.state.runtime
    if accepts_events(request.headers):

        async def work_with_events(events: Events) -> Iterator[bytes]:
            return result_event(await fill_form(request, events))

        return EventResponse(work_with_events, runtime.settings.heartbeat_s)
    work = await fill_form(request)
    headers = {
        "Server-Timing": work.timings.header(),
        "X-Inpaint-Windows": str(work.windows),
        "X-Inpaint-Texture": work.textured,
    }
    if work.crop:
        headers["X-Inpaint-Crop"] = ",".join(map(str, work.place))
        headers["X-Inpaint-Size"] = ",".join(map(str, work.size))
    if not work.answer:
        return Response(status_code=204, headers=headers)
    return Response(work.answer, media_type=MEDIA_TYPES[work.output], headers=headers)


async def fill_form(request: Request, events: Events | None = None) -> Work:
    """Take a request through the service; the same whichever way it is answered.

    Args:
        request: The request, its body unread.
        events: Told when the form has been read, and about progress.

    Raises:
        ServiceError: the request cannot be answered; says why.
        ClientGone: the client went away; its work has been dropped.
    """
    runtime: Runtime = request.app.state.runtime
    record = record_of(request.scope)
    async with read_form(request, runtime.settings.max_form_parts) as form:
        options = form.options
        work = Work(
            image=form.image,
            mask=form.mask,
            invert_mask=options.invert_mask,
            dilate=options.dilate,
            output=options.format
            if "format" in options.model_fields_set
            else accepted_format(request.headers),
            feather=options.feather,
            crop=options.crop,
            texture=options.texture,
            metadata=options.metadata,
            ticket=record.ticket,
            timings=record.timings,
            on_progress=events.progress if events else None,
        )
        if events:
            events.begin()
        await runtime.answer(work, record, request.receive)
    return work


def result_event(work: Work) -> Iterator[bytes]:
    """The event that ends a stream well, in pieces: a large photo is never whole in base64."""
    head: dict[str, object] = {
        "media_type": MEDIA_TYPES[work.output],
        "windows": work.windows,
        "texture": work.textured,
        "server_timing": work.timings.header(),
    }
    if work.crop:
        head |= {"crop": work.place, "size": work.size}
    yield f'event: result\ndata: {json.dumps(head)[:-1]}, "image": "'.encode()
    answer = memoryview(work.answer)
    for start in range(0, len(answer), BASE64_CHUNK):
        yield base64.b64encode(answer[start : start + BASE64_CHUNK])
    yield b'"}\n\n'
