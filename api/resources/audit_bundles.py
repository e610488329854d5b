"""Bundles of the log, for auditors who verify it elsewhere."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from flask import Response, request
from werkzeug.wsgi import wrap_file

from api.edge import edge
from api.lists import reading
from api.operations import Resource
from api.schemas.audit_bundles import BundleAskedSchema
from projections.prefixes import prefix, start
from projections.trail import TRAIL

resource = Resource(
    "audit bundles",
    __name__,
    url_prefix="/v1/audit",
    scope="audit",
    kept=True,
    description="The log, to be verified elsewhere.",
)

EVENTS_MOST: Final = 100_000
"""Of one bundle over HTTP: some seconds of work. The command line takes any number."""

_ZIP: Final = "application/zip"


@resource.document(
    "/bundle", _ZIP, arguments=BundleAskedSchema, who="auditor", returns=["Content-Disposition"], refuses=[404]
)
def download_bundle(arguments: dict[str, Any]) -> Response:
    """Events with what proves them. The same stretch is the same file to the byte, wherever it is made."""
    options = edge().options
    find = partial(reading, TRAIL)
    first = start(arguments.get("begin"), options.audit_log.last, find)
    last = prefix(arguments["end"], options.audit_log.last, find) if "end" in arguments else None
    bundle = options.audit_bundles.made(first, last, EVENTS_MOST)
    response = Response(wrap_file(request.environ, bundle.file), mimetype=_ZIP, direct_passthrough=True)
    response.headers["Content-Length"] = str(bundle.size)
    response.headers["Content-Disposition"] = f'attachment; filename="log-{bundle.first}-{bundle.last}.zip"'
    return response
