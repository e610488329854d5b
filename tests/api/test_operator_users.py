"""Who works here, and what they do to accounts: roles are given and taken, people suspended and reinstated."""

from __future__ import annotations

from uuid import UUID

import pytest
import structlog

from application.streams import USER
from tests.api.people import PASSWORD, employed, host, listing, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

WHY = {"reason": "It was time."}
NOBODY = "01900000-0000-7000-8000-000000000000"


def by_settings(stack: Stack) -> Client:
    return Client(stack, OPERATOR_TOKEN)


def log_in(stack: Stack, client: Client) -> Client:
    credentials = {"email": client.user["email"], "password": PASSWORD}
    return Client(stack, json_of(stack.anybody().post("/v1/auth/tokens", credentials))["access_token"], client.user)


def test_the_token_of_the_settings_makes_the_first_admin_who_makes_the_others(shared: Stack) -> None:
    ada, bob = employed(shared), employed(shared)
    granted = by_settings(shared).post(f"/v1/operator/users/{ada.id}/grant-role", {"role": "admin", **WHY})
    assert (granted.status_code, json_of(granted)["roles"]) == (200, ["admin"])

    admin = log_in(shared, ada)
    answer = admin.post(f"/v1/operator/users/{bob.id}/grant-role", {"role": "auditor", **WHY})
    assert json_of(answer) == {
        "id": bob.id,
        "is_host": False,
        "is_verified": True,
        "is_suspended": False,
        "is_deactivated": False,
        "roles": ["auditor"],
    }
    assert bob.get("/v1/operator/ledger").status_code == 403, "the token is of before"
    assert log_in(shared, bob).get("/v1/operator/ledger").status_code == 200


def test_who_gave_a_role_and_why_is_kept_with_it(shared: Stack) -> None:
    ada, bob = employed(shared, "admin"), employed(shared)
    ada.post(f"/v1/operator/users/{bob.id}/grant-role", {"role": "analyst", "reason": "The yearly figures."})
    event = shared.wired.lodger.log.load([UUID(bob.id)])[UUID(bob.id)][-1]
    assert event.fact.TOPIC == "UserRoleGranted"
    assert (event.actor.kind, event.actor.id, event.actor.reason) == ("operator", ada.id, "The yearly figures.")


def test_a_role_that_is_taken_away_ends_for_every_later_log_in(shared: Stack) -> None:
    ada, bob = employed(shared, "admin"), employed(shared, "operator", "auditor")
    answer = ada.post(f"/v1/operator/users/{bob.id}/revoke-role", {"role": "operator", **WHY})
    assert json_of(answer)["roles"] == ["auditor"]
    assert log_in(shared, bob).get("/v1/operator/unknown-webhooks").status_code == 200, "for auditors too"
    assert log_in(shared, bob).get(f"/v1/operator/users/{ada.id}").status_code == 403


def test_an_admin_cannot_end_the_last_admin_by_ending_themselves(shared: Stack) -> None:
    ada = employed(shared, "admin")
    for act, body in [("revoke-role", {"role": "admin", **WHY}), ("suspend", WHY)]:
        refused = ada.post(f"/v1/operator/users/{ada.id}/{act}", body)
        assert (refused.status_code, json_of(refused)["type"]) == (409, "/problems/own-account")
    assert "admin" in shared.wired.lodger.load(USER, UUID(ada.id)).state.roles


def test_only_an_admin_suspends_or_reinstates_somebody_who_has_a_role(shared: Stack) -> None:
    operator, admin, analyst = employed(shared, "operator"), employed(shared, "admin"), employed(shared, "analyst")
    path = f"/v1/operator/users/{analyst.id}"
    assert operator.post(f"{path}/suspend", WHY).status_code == 403
    assert admin.post(f"{path}/suspend", WHY).status_code == 200
    assert operator.post(f"{path}/reinstate", WHY).status_code == 403
    assert admin.post(f"{path}/reinstate", WHY).status_code == 200


def test_no_role_without_a_verified_address(shared: Stack) -> None:
    path = f"/v1/operator/users/{unverified(shared)}/grant-role"
    refused = by_settings(shared).post(path, {"role": "admin", **WHY})
    assert (refused.status_code, json_of(refused)["type"]) == (403, "/problems/email-unverified")


def unverified(stack: Stack) -> str:
    """The id of somebody who registered with an address and followed no link."""
    body = {"username": "mallory", "email": "boss@example.org", "name": "The boss", "password": PASSWORD}
    return str(json_of(stack.anybody().post("/v1/users", body))["id"])


def test_a_suspended_user_is_told_so_and_comes_in_again_when_it_is_over(shared: Stack) -> None:
    bob = register(shared)
    path = f"/v1/operator/users/{bob.id}"
    suspended = by_settings(shared).post(f"{path}/suspend", WHY)
    assert (suspended.status_code, json_of(suspended)["is_suspended"]) == (200, True)
    credentials = {"email": bob.user["email"], "password": PASSWORD}
    refused = shared.anybody().post("/v1/auth/tokens", credentials)
    assert (refused.status_code, json_of(refused)["type"]) == (403, "/problems/user-suspended")
    shared.run_workers()

    reinstated = by_settings(shared).post(f"{path}/reinstate", WHY)
    assert (reinstated.status_code, json_of(reinstated)["is_suspended"]) == (200, False)
    back = log_in(shared, bob)
    assert back.get("/v1/users/me").status_code == 200
    shared.run_workers()
    kinds = [each["kind"] for each in json_of(back.get("/v1/notifications"))["notifications"]]
    assert kinds[:2] == ["account_reinstated", "account_suspended"]


def test_a_suspended_hosts_listings_are_not_offered(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    by_settings(shared).post(f"/v1/operator/users/{ada.id}/suspend", WHY)
    shared.run_workers()
    assert shared.anybody().get(f"/v1/properties/{property_id}").status_code == 404


def test_a_user_is_looked_up_by_id_address_and_name_however_it_is_written(shared: Stack) -> None:
    bob, operator = register(shared, "Look.Me.Up"), employed(shared, "operator")
    email, username = bob.user["email"], bob.user["username"]
    shown = json_of(operator.get(f"/v1/operator/users/{bob.id}"))
    assert (shown["email"], shown["username"], shown["roles"]) == (email, username, [])
    for asked in ({"email": email.upper()}, {"username": username.title()}):
        assert json_of(operator.post("/v1/operator/users/look-up", asked)) == shown


@pytest.mark.parametrize("asked", [{}, {"email": "a@example.org", "username": "a"}, {"name": "Bob"}])
def test_a_look_up_is_by_one_thing(shared: Stack, asked: dict[str, str]) -> None:
    assert by_settings(shared).post("/v1/operator/users/look-up", asked).status_code == 422


@pytest.mark.parametrize("asked", [{"email": "nobody@example.org"}, {"username": "nobody-at-all"}])
def test_nobody_is_found_who_is_not_there(shared: Stack, asked: dict[str, str]) -> None:
    operator = by_settings(shared)
    assert operator.post("/v1/operator/users/look-up", asked).status_code == 404
    assert operator.get(f"/v1/operator/users/{NOBODY}").status_code == 404
    assert operator.post(f"/v1/operator/users/{NOBODY}/suspend", WHY).status_code == 404


def test_what_staff_read_of_somebody_is_logged_without_saying_what(shared: Stack) -> None:
    bob, operator = register(shared), employed(shared, "operator")
    with structlog.testing.capture_logs() as lines:
        operator.post("/v1/operator/users/look-up", {"email": bob.user["email"]})
        operator.get(f"/v1/operator/users/{bob.id}")
    reads = [line for line in lines if line["event"] == "privileged read"]
    assert [(line["of"], line["by"]) for line in reads] == [(bob.id, f"user:{operator.id}")] * 2
    assert bob.user["email"] not in repr(lines)


def test_what_is_kept_of_an_act_names_nobody(shared: Stack) -> None:
    """Kept answers outlive the person: what would have to be forgotten is not in them."""
    bob = register(shared)
    answer = by_settings(shared).wish(f"/v1/operator/users/{bob.id}/suspend", WHY)
    assert not {bob.user["email"], bob.user["username"], bob.user["name"]} & set(map(str, json_of(answer).values()))
