"""`GET /docs`: the interactive documentation, with every asset served from here."""

from importlib.resources import files
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

PATH = "/docs"
ASSETS = "/docs/assets"
ASSETS_FOLDER = Path(str(files(fastapi_offline) / "static"))

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def docs(request: Request) -> HTMLResponse:
    """Swagger UI over `/openapi.json`."""
    root = str(request.scope.get("root_path", ""))
    return get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{root}{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{ASSETS}/favicon.png",
    )


def mount_assets(app: FastAPI) -> None:
    """Serve Swagger UI's own files, which come as a Python package."""
    app.mount(ASSETS, StaticFiles(directory=ASSETS_FOLDER), name="docs-assets")
