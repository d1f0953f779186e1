"""`POST /inpaint`: a photo and a mask in, the inpainted photo out."""

import base64
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.http.accept import accepted_format
from service.http.events import EventResponse, Events, accepts_events
from service.http.form import InpaintForm, read_form
from service.http.gate import place_of
from service.http.openapi import INPAINT_RESPONSES, PREFER, inpaint_request_body
from service.http.prefer import prefers_async
from service.imaging.encoding import MEDIA_TYPES
from service.jobs.job import Job
from service.pipeline import Work
from service.record import Record, record_of
from service.routes.jobs import ACCEPTED, accepted_response
from service.runtime import Runtime

PATH = "/inpaint"
BYTES_A_PIXEL = 4  # no format of an answer takes more, but for a little
BASE64_CHUNK = 3 * 2**18  # bytes of the answer encoded at a time; a multiple of 3 needs no padding

router = APIRouter(tags=["inpainting"])


@router.post(
    PATH,
    summary="Fill the holes of a photo",
    response_class=Response,
    responses=INPAINT_RESPONSES | ACCEPTED,
    openapi_extra={"requestBody": inpaint_request_body(), "parameters": [PREFER]},
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

    Where the server offers several models, the field `model` chooses one, and `X-Inpaint-Model`
    says which one filled. A name that there is not is 422 with those there are; a model that cannot
    be loaded is 503 with the reason, for as long as its file is what it is.

    With `Accept: text/event-stream` the answer is a stream of server-sent events instead, each with
    one line of JSON. `progress` says how many steps are `done` of the `total`: windows filled by
    the model, then groups of holes given their texture; comments in between show that the service
    is alive. The stream ends with one `result` (the `image` in base64, its `media_type`, `windows`,
    `texture`, `server_timing` and, where there are several, `model` as in the headers of the other
    answer; with `crop` also `crop` and
    `size`, as lists of numbers, and an empty `image` where nothing changed) or one `error`, a
    problem. What is refused before the photo is looked at (keys, origins, sizes, malformed forms, a
    full queue) is answered with its status and no stream.

    With `Prefer: respond-async` the request becomes a job once its form has been read, and is
    answered 202 with the job's address in `Location` (see `/jobs/{id}`). The job goes on whether or
    not the client stays; it has the place and the deadline that the request would have had.
    """
    runtime: Runtime = request.app.state.runtime
    if runtime.jobs.wanted and prefers_async(request.headers):
        return accepted_response(request, await begin_job(request))
    if accepts_events(request.headers):

        async def work_with_events(events: Events) -> Iterator[bytes]:
            return result_event(await fill_form(request, events))

        return EventResponse(work_with_events, runtime.settings.heartbeat_s)
    work = await fill_form(request)
    return Response(work.answer, 200 if work.answer else 204, headers=headers_of(work))


def headers_of(work: Work) -> dict[str, str]:
    """The headers of an answer, for work that is done."""
    headers = {
        "Server-Timing": work.timings.header(),
        "X-Inpaint-Windows": str(work.windows),
        "X-Inpaint-Texture": work.textured,
    }
    if work.model:
        headers["X-Inpaint-Model"] = work.model
    if work.answer:
        headers["Content-Type"] = MEDIA_TYPES[work.output]
    if work.crop:
        headers["X-Inpaint-Crop"] = ",".join(map(str, work.place))
        headers["X-Inpaint-Size"] = ",".join(map(str, work.size))
    return headers


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
        work = work_of(request, form, record)
        if events:
            work.on_progress = events.progress
            events.begin()
        await runtime.answer(work, record, request.receive)
    return work


async def begin_job(request: Request) -> Job:
    """Let a request go on by itself, as soon as its form has been read.

    Raises:
        ServiceError: the form is refused, or there is no room for one more job.
        ClientGone: the client went away before its upload was complete.
    """
    runtime: Runtime = request.app.state.runtime
    record = record_of(request.scope).of_job()
    async with AsyncExitStack() as held:
        reading = read_form(request, runtime.settings.max_form_parts)
        form = await held.enter_async_context(reading)
        work = work_of(request, form, record)
        pixels = await runtime.pixels_of(work)
        held.enter_context(runtime.allowances.spending(record.key, pixels))
        place = place_of(request.scope)
        return runtime.jobs.begin(work, record, place, BYTES_A_PIXEL * pixels, headers_of, held)


def work_of(request: Request, form: InpaintForm, record: Record) -> Work:
    """What a form asks for.

    Raises:
        UnknownModel: a network that there is not.
    """
    runtime: Runtime = request.app.state.runtime
    options = form.options
    return Work(
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
        seed=options.seed,
        metadata=options.metadata,
        model=runtime.networks.choose(options.model),
        ticket=record.ticket,
        timings=record.timings,
    )


def result_event(work: Work) -> Iterator[bytes]:
    """The event that ends a stream well, in pieces: a large photo is never whole in base64."""
    head: dict[str, object] = {
        "media_type": MEDIA_TYPES[work.output],
        "windows": work.windows,
        "texture": work.textured,
        "server_timing": work.timings.header(),
    }
    if work.model:
        head["model"] = work.model
    if work.crop:
        head |= {"crop": work.place, "size": work.size}
    yield f'event: result\ndata: {json.dumps(head)[:-1]}, "image": "'.encode()
    answer = memoryview(work.answer)
    for start in range(0, len(answer), BASE64_CHUNK):
        yield base64.b64encode(answer[start : start + BASE64_CHUNK])
    yield b'"}\n\n'
