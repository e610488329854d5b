"""How refusals of logins by OpenID Connect are met: where no provider is set up."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.api.refusals import scene
from tests.api.stack import Stack


@scene("oidc_not_set_up")
def _not_set_up(stack: Stack) -> TestResponse:
    return stack.anybody().get("/v1/auth/oidc/login")
