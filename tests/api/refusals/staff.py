"""Scenes of those who work here, and of what they do to accounts."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.api.people import PASSWORD, employed, register
from tests.api.refusals import scene
from tests.api.stack import OPERATOR_TOKEN, Client, Stack


@scene("own_account")
def take_the_own_role_away(stack: Stack) -> TestResponse:
    ada = employed(stack, "admin")
    return ada.post(f"/v1/operator/users/{ada.id}/revoke-role", {"role": "admin", "reason": "I leave."})


@scene("user_suspended")
def log_in_while_suspended(stack: Stack) -> TestResponse:
    bob = register(stack)
    path = f"/v1/operator/users/{bob.id}/suspend"
    assert Client(stack, OPERATOR_TOKEN).post(path, {"reason": "Fraud."}).status_code == 200
    return stack.anybody().post("/v1/auth/tokens", {"email": bob.user["email"], "password": PASSWORD})
