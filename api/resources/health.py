"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from api.edge import edge
from api.operations import Resource
from api.schemas.operations import HealthSchema, ReadinessSchema
from domain.rejections import Rejected

resource = Resource("health", __name__, description="For load balancers and supervisors.")

log = structlog.get_logger()


@resource.query("/healthz", HealthSchema, who="anyone")
def live() -> dict[str, Any]:
    """This process answers. Nothing else is asked."""
    return {"status": "ok"}


@resource.query("/readyz", ReadinessSchema, who="anyone")
def ready() -> dict[str, Any]:
    """Everything needed to serve answers; otherwise 503, which names what does not."""
    checks = {name: _verdict(name, check) for name, check in edge().options.checks.items()}
    if "failing" in checks.values():
        raise Rejected("not_ready", "Some checks fail.", checks=checks)
    return {"status": "ok", "checks": checks}


def _verdict(name: str, check: Callable[[], str]) -> str:
    """What a check says; one that raises is failing."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever is wrong is the verdict, not a failure of the question
        log.warning("not ready", check=name, error=type(error).__name__)
        return "failing"
