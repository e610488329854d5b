"""Scenes of being forgotten."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.api.people import PASSWORD, book, host, listing, register
from tests.api.refusals import scene
from tests.api.stack import Stack


@scene("erasure_blocked")
def be_forgotten_with_a_booking(stack: Stack) -> TestResponse:
    bob = register(stack)
    book(bob, listing(host(stack)))
    stack.run_workers()
    return bob.json("DELETE", "/v1/users/me", {"password": PASSWORD})


@scene("login_not_fresh")
def be_forgotten_by_an_old_login_without_a_password(stack: Stack) -> TestResponse:
    bob = register(stack)
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE people SET password_hash = NULL WHERE user_id = %s", [bob.id])
        cursor.execute("UPDATE token_families SET created_at = created_at - interval '6 minutes'")
    return bob.delete("/v1/users/me")
