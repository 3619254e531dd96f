"""Scripts, styles and pictures of the pages: small, few, and kept in memory, compressed once.

Their addresses hold a digest of all of them, so browsers may keep what they got for ever: a changed file has
another address. For the same reason files may name one another by relative address.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Self

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"
_WORTH_PACKING = 400
"""Bytes; what is smaller gains nothing."""


@dataclass(frozen=True, slots=True)
class Asset:
    plain: bytes
    packed: bytes | None
    """By gzip; None where that would gain nothing."""
    media_type: str

    @classmethod
    def of(cls, path: Path) -> Self:
        plain = path.read_bytes()
        packed = gzip.compress(plain, mtime=0) if len(plain) > _WORTH_PACKING else None
        return cls(plain, packed, mimetypes.guess_type(path.name)[0] or "application/octet-stream")


def _digest(assets: Mapping[str, Asset]) -> str:
    whole = hashlib.sha256()
    for name, asset in sorted(assets.items()):
        whole.update(f"{name} {len(asset.plain)} ".encode() + asset.plain)
    return whole.hexdigest()[:16]


_ASSETS = {path.name: Asset.of(path) for path in sorted(_FOLDER.iterdir()) if path.is_file()}
VERSION = _digest(_ASSETS)


def address(name: str) -> str:
    """Where browsers find a file, as long as it is this one. Raises KeyError for one that does not exist."""
    if name not in _ASSETS:
        raise KeyError(name)
    return f"/static/{VERSION}/{name}"


async def asset(request: Request) -> Response:
    """A file; under the address of an earlier version too, for a page that is older than this server."""
    found = _ASSETS.get(request.path_params["name"])
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    current = request.path_params.get("version") == VERSION
    headers = {
        "Cache-Control": _FOR_EVER if current else _ASK_EACH_TIME,
        "ETag": f'W/"{VERSION}"',
        "Vary": "Accept-Encoding",
    }
    if VERSION in request.headers.get("If-None-Match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if found.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, headers=headers, media_type=found.media_type)
    return Response(found.plain, headers=headers, media_type=found.media_type)


ROUTES = [Route("/static/{name}", asset), Route("/static/{version}/{name}", asset)]
