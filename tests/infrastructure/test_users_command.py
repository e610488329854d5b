"""`lodger users`: an operator at the console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from application.streams import USER
from domain.users import verify_email
from infrastructure.cli.users import command
from infrastructure.refusals import Refused
from infrastructure.settings import to_environment
from tests.support.world import World, settings_for

BY = ("--as", "Ada at the console", "--reason", "The first of us.")


@pytest.fixture
def world(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in to_environment(settings_for(database_url, data=str(tmp_path))).items():
        monkeypatch.setenv(name, value)
    world = World(database_url, datetime.now(UTC))
    yield world
    world.close()


def users(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(command, arguments)


def verified(world: World) -> UUID:
    user_id = world.person()
    user = world.lodger.load(USER, user_id)
    world.lodger.append(world.call(user_id), user.then(verify_email(user.state)))
    return user_id


def test_the_first_admin_is_made_at_the_console_and_the_log_says_by_whom_and_why(world: World) -> None:
    user_id = verified(world)
    granted = users("grant", str(user_id), "admin", *BY)
    assert (granted.exit_code, granted.output) == (0, f"{user_id}  roles: admin  active\n")
    event = world.lodger.log.load([user_id])[user_id][-1]
    assert (event.fact.TOPIC, event.actor.kind) == ("UserRoleGranted", "operator")
    assert (event.actor.id, event.actor.reason) == ("Ada at the console", "The first of us.")


def test_what_was_given_is_taken_and_who_was_suspended_comes_back(world: World) -> None:
    user_id = verified(world)
    users("grant", str(user_id), "admin", *BY)
    assert users("revoke", str(user_id), "admin", *BY).output == f"{user_id}  roles: none  active\n"
    assert users("suspend", str(user_id), *BY).output == f"{user_id}  roles: none  suspended\n"
    assert users("reinstate", str(user_id), *BY).output == f"{user_id}  roles: none  active\n"


def test_a_user_is_found_by_id_address_and_name(world: World) -> None:
    user_id = world.person()
    person = world.lodger.people.get([user_id])[user_id]
    for found_by in (str(user_id), person.email.upper(), person.username):
        shown = users("show", found_by)
        assert shown.exit_code == 0, shown.output
        assert str(user_id) in shown.output
        assert person.email in shown.output


def test_the_list_is_of_those_with_a_role_and_those_who_are_suspended_now(world: World) -> None:
    admin, suspended, former, nobody = verified(world), verified(world), verified(world), verified(world)
    users("grant", str(admin), "admin", *BY)
    users("suspend", str(suspended), *BY)
    users("grant", str(former), "analyst", *BY)
    users("revoke", str(former), "analyst", *BY)
    listed = users("list").output
    assert [user in listed for user in map(str, (admin, suspended, former, nobody))] == [True, True, False, False]


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "nobody@example.org"),
        ("suspend", "01900000-0000-7000-8000-000000000000", *BY),
        ("grant", "nobody", "admin", *BY),
    ],
)
def test_nobody_is_told_without_a_traceback(world: World, arguments: tuple[str, ...]) -> None:
    refused = users(*arguments)
    assert isinstance(refused.exception, Refused)
    assert str(refused.exception) == "There is no such user."


def test_an_act_without_a_name_or_a_reason_is_none(world: World) -> None:
    user_id = str(verified(world))
    for missing in (("--as", "Ada"), ("--reason", "Why not."), ()):
        assert users("grant", user_id, "admin", *missing).exit_code == 2
    assert users("grant", user_id, "king", *BY).exit_code == 2
    assert world.lodger.load(USER, UUID(user_id)).state.roles == frozenset()
