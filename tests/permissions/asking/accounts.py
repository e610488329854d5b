"""How people's own routes are asked."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from tests.api.people import PASSWORD, email_token
from tests.permissions.asking.registry import FORM, Ask, asks
from tests.permissions.cast import person, registered
from tests.permissions.world import PICTURE, World

_NEW_PASSWORD: Final = "staple of another horse"


@asks("POST /v1/users")
def newcomer(world: World) -> Ask:
    name = f"new-{world.stack.wired.lodger.new_id().hex[-12:]}"
    return Ask(body={"username": name, "email": f"{name}@example.org", "name": "Nobody", "password": PASSWORD})


@asks("POST /v1/auth/tokens", "POST /v1/sessions")
def credentials(world: World) -> Ask:
    return Ask(body={"email": world.cast["guest"].user["email"], "password": PASSWORD})


@asks("POST /v1/auth/tokens/refresh")
def refresh(world: World) -> Ask:
    return Ask(body={"refresh_token": world.tokens()["refresh_token"]})


@asks(
    "DELETE /v1/auth/tokens",
    "DELETE /v1/sessions",
    "DELETE /v1/users/me/photo",
    "POST /v1/users/me/deactivation",
    changes_who_asks=True,
)
def nothing_more(_: World) -> Ask:
    return Ask()


@asks("POST /v1/auth/reactivation")
def closed_account(world: World) -> Ask:
    left = person(world.stack)
    assert left.post("/v1/users/me/deactivation").status_code == 204
    return Ask(body={"email": left.user["email"], "password": PASSWORD})


@asks("DELETE /v1/auth/tokens/{login_id}")
def login(world: World) -> Ask:
    return Ask({"login_id": world.login()})


@asks("DELETE /v1/sessions/{session_id}")
def session(world: World) -> Ask:
    return Ask({"session_id": world.session()})


@asks("POST /v1/auth/email-verification")
def letter(world: World) -> Ask:
    return Ask(body={"token": email_token(registered(world.stack))})


@asks("POST /account/verification")
def pressed_button(world: World) -> Ask:
    token = email_token(registered(world.stack))
    return Ask(body=f"token={token}".encode(), content_type=FORM)


@asks("POST /v1/auth/password-reset")
def reset(world: World) -> Ask:
    return Ask(body={"token": world.reset_token(), "new_password": _NEW_PASSWORD})


@asks("POST /account/password-reset")
def pressed_reset(world: World) -> Ask:
    form = {"token": world.reset_token(), "new_password": _NEW_PASSWORD}
    return Ask(body=urlencode(form).encode(), content_type=FORM)


@asks("PUT /v1/users/me/password", changes_who_asks=True)
def new_password(_: World) -> Ask:
    return Ask(body={"current_password": PASSWORD, "new_password": _NEW_PASSWORD})


@asks("POST /v1/users/me/second-factor", changes_who_asks=True)
def own_password(_: World) -> Ask:
    return Ask(body={"password": PASSWORD})


@asks("GET /v1/users/me/export")
def followed(world: World) -> Ask:
    world.stack.run_workers()  # what is told of somebody is not older than they are
    return Ask()


@asks("DELETE /v1/users/me", changes_who_asks=True)
def farewell(world: World) -> Ask:
    world.stack.run_workers()
    return Ask(body={"password": PASSWORD})


@asks("POST /v1/operator/users/{user_id}/erasure")
def leaving(world: World) -> Ask:
    user_id = person(world.stack).id
    world.stack.run_workers()
    return Ask({"user_id": user_id})


@asks("GET /v1/api-keys/{key_id}", "POST /v1/api-keys/{key_id}/roll", "DELETE /v1/api-keys/{key_id}")
def key(world: World) -> Ask:
    return Ask({"key_id": world.key()})


@asks("POST /v1/api-keys")
def wanted_key(_: World) -> Ask:
    return Ask(body={"name": "another machine", "scopes": ["bookings:read"]})


@asks("PUT /v1/users/me/photo", changes_who_asks=True)
def portrait(_: World) -> Ask:
    return Ask(body=PICTURE, content_type="image/jpeg")


@asks("PATCH /v1/users/me", changes_who_asks=True)
def profile(_: World) -> Ask:
    return Ask(headers={"If-Match": '"2"'})


@asks("POST /v1/users/me/hosting", changes_who_asks=True)
def hosting(_: World) -> Ask:
    return Ask()


@asks("GET /v1/users/{user_id}")
def somebody(world: World) -> Ask:
    return Ask({"user_id": world.cast["guest"].id})
