"""Scenes of accounts: addresses that are confirmed, passwords, logins, being away."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from werkzeug.test import TestResponse

from application import passwords
from tests.api.people import PASSWORD, email_token, host, listing, register, stay, verify, wait
from tests.api.refusals import scene
from tests.api.stack import Client, Stack, json_of

NEW = "staple battery correct"


def reset_token(client: Client) -> str:
    """What the link in the mail says."""
    lodger, user_id = client.stack.wired.lodger, UUID(client.id)
    return passwords.token_for(lodger, lodger.people.get([user_id])[user_id])


def reset(client: Client, token: str, new: str = NEW) -> TestResponse:
    return client.stack.anybody().post("/v1/auth/password-reset", {"token": token, "new_password": new})


def without_password(client: Client) -> Client:
    """As somebody whom another provider logs in."""
    with client.stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE people SET password_hash = NULL WHERE user_id = %s", [client.id])
    return client


def confirm(stack: Stack, token: str) -> TestResponse:
    return stack.anybody().post("/v1/auth/email-verification", {"token": token})


@scene("email_unverified")
def book_before_the_address_is_confirmed(stack: Stack) -> TestResponse:
    property_id = listing(host(stack))
    return register(stack, verified=False).wish("/v1/bookings", stay(property_id))


@scene("email_token_invalid")
def follow_a_link_that_was_cut_off(stack: Stack) -> TestResponse:
    return confirm(stack, email_token(register(stack, verified=False))[:-4])


@scene("email_token_expired")
def follow_a_link_a_day_later(stack: Stack) -> TestResponse:
    token = email_token(register(stack, verified=False))
    wait(stack, int(timedelta(hours=24).total_seconds() // 60))
    return confirm(stack, token)


@scene("email_token_used")
def follow_a_link_twice(stack: Stack) -> TestResponse:
    bob = register(stack, verified=False)
    token = email_token(bob)
    verify(stack, bob)
    return confirm(stack, token)


@scene("reset_token_invalid")
def reset_with_the_link_that_verifies(stack: Stack) -> TestResponse:
    bob = register(stack, verified=False)
    return reset(bob, email_token(bob))


@scene("reset_token_expired")
def reset_an_hour_later(stack: Stack) -> TestResponse:
    bob = register(stack)
    token = reset_token(bob)
    wait(stack, 60)
    return reset(bob, token)


@scene("reset_token_used")
def reset_twice(stack: Stack) -> TestResponse:
    bob = register(stack)
    token = reset_token(bob)
    assert reset(bob, token).status_code == 204
    return reset(bob, token)


@scene("password_common")
def choose_what_everybody_chooses(stack: Stack) -> TestResponse:
    bob = register(stack)
    return reset(bob, reset_token(bob), "Iloveyou1")


@scene("password_telling")
def choose_the_own_name(stack: Stack) -> TestResponse:
    bob = register(stack, "gilbert")
    return reset(bob, reset_token(bob), f"my {bob.user['username']}!")


@scene("password_wrong")
def change_the_password_without_knowing_it(stack: Stack) -> TestResponse:
    body = {"current_password": "not it at all", "new_password": NEW}
    return register(stack).json("PUT", "/v1/users/me/password", body)


@scene("password_missing")
def change_a_password_that_there_is_not(stack: Stack) -> TestResponse:
    bob = without_password(register(stack))
    return bob.json("PUT", "/v1/users/me/password", {"current_password": PASSWORD, "new_password": NEW})


@scene("user_deactivated")
def log_in_while_away(stack: Stack) -> TestResponse:
    bob = register(stack)
    assert bob.post("/v1/users/me/deactivation").status_code == 204
    return stack.anybody().post("/v1/auth/tokens", {"email": bob.user["email"], "password": PASSWORD})


@scene("refresh_token_invalid")
def refresh_with_an_access_token(stack: Stack) -> TestResponse:
    return stack.anybody().post("/v1/auth/tokens/refresh", {"refresh_token": register(stack).token})


@scene("refresh_token_reused")
def refresh_with_a_token_that_was_spent_twice(stack: Stack) -> TestResponse:
    bob = register(stack)
    login = json_of(stack.anybody().post("/v1/auth/tokens", {"email": bob.user["email"], "password": PASSWORD}))
    spent = {"refresh_token": login["refresh_token"]}
    following = json_of(stack.anybody().post("/v1/auth/tokens/refresh", spent))["refresh_token"]
    assert stack.anybody().post("/v1/auth/tokens/refresh", {"refresh_token": following}).status_code == 200
    return stack.anybody().post("/v1/auth/tokens/refresh", spent)


@scene("login_not_found")
def end_somebody_elses_login(stack: Stack) -> TestResponse:
    bob, eve = register(stack), register(stack)
    (login,) = json_of(bob.get("/v1/auth/tokens"))["logins"]
    return eve.delete(f"/v1/auth/tokens/{login['id']}")
