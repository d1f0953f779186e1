"""`GET /`: the demo page, and under `/web/` its files and the browser client."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PATH = "/"
FILES = "/web"
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
