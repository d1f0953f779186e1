"""`POST /inpaint`: a photo and a mask in, the inpainted photo out."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.encoding import MEDIA_TYPES
from service.form import read_form
from service.openapi import INPAINT_RESPONSES, inpaint_request_body
from service.pipeline import Work
from service.record import record_of
from service.runtime import Runtime

PATH = "/inpaint"

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
            output=options.format,
            ticket=record.ticket,
            timings=record.timings,
        )
        await runtime.answer(work, record, request.receive)
    return Response(
        work.answer,
        media_type=MEDIA_TYPES[options.format],
        headers={
            "Server-Timing": record.timings.header(),
            "X-Inpaint-Windows": str(work.windows),
        },
    )
