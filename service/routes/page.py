"""`GET /`: the demo page, and under `/web/` its files and the browser client."""

from pathlib import Path
from typing import get_args

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service.http.fields import InpaintOptions
from service.imaging.headers import Format
from service.runtime import Runtime

PATH = "/"
FILES = "/web"
ABOUT = f"{FILES}/service.json"
FOLDER = Path(__file__).resolve().parent.parent / "web"
HEADERS = {
    # Revalidated each time (the files have an ETag), so that nobody sees a page of two versions.
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
}

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def page() -> FileResponse:
    """The page; it loads nothing from elsewhere."""
    return FileResponse(FOLDER / "index.html", headers=HEADERS)


@router.get(ABOUT)
async def about(request: Request) -> JSONResponse:
    """What the page must know before a photo is sent; like the page it needs no key."""
    runtime: Runtime = request.app.state.runtime
    networks = runtime.networks
    content = {
        "formats": [name.replace("WEBP", "WebP") for name in get_args(Format)],
        "maxPixels": runtime.settings.max_pixels,
        "maxBytes": runtime.settings.max_body_bytes,
        "fields": list(InpaintOptions.model_fields),
        "models": [name for name in networks.names if not networks.refusal(name)],
        "terms": networks.default.info.terms,
    }
    return JSONResponse(content, headers=HEADERS)


class PageFiles(StaticFiles):
    """Static files with the headers of the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at a path below the folder."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def mount_files(app: FastAPI) -> None:
    """Serve the page's files."""
    app.mount(FILES, PageFiles(directory=FOLDER), name="web")
