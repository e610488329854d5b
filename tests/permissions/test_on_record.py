"""Whatever operators do, over HTTP or on the command line, an auditor finds: who did it, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import click
import pytest
from click.testing import CliRunner

from application.streams import USER
from domain.second_factors import UserSecondFactorEnabled
from infrastructure import key_backup
from infrastructure.bootstrap import Wired
from infrastructure.cli import keys, lodger
from infrastructure.key_rotation import Rotation
from infrastructure.settings import to_environment
from projections import parked
from tests.api.stack import json_of
from tests.keys.conftest import pass_
from tests.permissions import table
from tests.permissions.asking import Ask, asking_of
from tests.permissions.cast import person, suspended
from tests.permissions.test_matrix import send
from tests.permissions.world import World

ACTS = [route for route in table.read() if "/v1/operator/" in route and not route.startswith("GET ")]
NONE_OF_ITS_OWN = {
    "POST /v1/operator/users/look-up": "a read",
    "POST /v1/operator/payments/{payment_id}/ask": "a question: what the provider says is on record if it is news",
    "POST /v1/operator/clock": "the sandbox's, which production does not have",
}


def found(world: World, actor: str, after: int) -> list[dict[str, Any]]:
    """What an auditor finds of somebody's acts as an operator behind a position."""
    world.stack.run_workers()
    query = f"actor={quote(actor)}&actor_kind=operator&after={after}&limit=100"
    answer = world.cast["auditor"].get(f"/v1/audit/events?{query}")
    assert answer.status_code == 200, answer.text
    return list(json_of(answer)["events"])


# --- over HTTP --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [route for route in ACTS if route not in NONE_OF_ITS_OWN])
def test_an_act_over_http_is_found_with_who_did_it_and_why(
    world: World, examples: Mapping[str, object], route: str
) -> None:
    ask = asking_of(route)(world)
    if (first := BEFORE.get(route.rpartition("/")[2])) is not None:
        first(world, ask)
    body = examples.get(route) if ask.body is None else ask.body
    assert isinstance(body, dict)
    admin, why, at = world.cast["admin"], f"ticket {uuid4()}", world.stack.wired.log.safe_position()

    answer = send(admin, route, replace(ask, body={**body, "reason": why}), examples)
    assert answer.status_code < 300, answer.text

    acts = found(world, admin.id, at)
    assert acts, "nothing of it is in the log"
    assert {event["actor"]["reason"] for event in acts} == {why}


def _granted(world: World, ask: Ask) -> None:
    body = {"role": "operator", "reason": "hired"}
    assert world.cast["admin"].post(f"/v1/operator/users/{ask.ids['user_id']}/grant-role", body).status_code == 200


def _suspended(world: World, ask: Ask) -> None:
    path = f"/v1/operator/users/{ask.ids['user_id']}/suspend"
    assert world.cast["admin"].post(path, {"reason": "to be looked at"}).status_code == 200


def _secured(world: World, ask: Ask) -> None:
    uses = world.stack.wired.lodger
    user = uses.load(USER, UUID(ask.ids["user_id"]))
    event = uses.log.load([user.id])[user.id][-1]
    enabled = UserSecondFactorEnabled(uses.new_id())
    uses.log.append([replace(event, event_id=uses.new_id(), version=user.version + 1, fact=enabled)])


BEFORE: Mapping[str, Callable[[World, Ask], None]] = {
    "revoke-role": _granted,
    "reinstate": _suspended,
    "disable-second-factor": _secured,
}
"""What has to be the case so that there is something to do, by the route's last word."""


# --- on the command line ----------------------------------------------------------------------------------------


def commands(group: click.Command, *path: str) -> Iterator[str]:
    """Those that ask why."""
    if isinstance(group, click.Group):
        for name in group.list_commands(click.Context(group)):
            command = group.get_command(click.Context(group), name)
            assert command is not None
            yield from commands(command, *path, name)
    elif any("--reason" in option.opts for option in group.params):
        yield " ".join(path)


def _rotation(wired: Wired, name: str, reason: str) -> Rotation:
    """Without anybody waiting."""
    return Rotation(
        wired.lodger, wired.database, wired.keyring, keys._caller(wired.lodger, name, reason), partial(pass_, wired)
    )


def _somebody(world: World, _: Path) -> list[str]:
    user_id = person(world.stack).id
    world.stack.run_workers()
    return [user_id]


def _auditor(world: World, _: Path) -> list[str]:
    return [person(world.stack, "auditor").id, "auditor"]


def _newcomer(world: World, _: Path) -> list[str]:
    return [person(world.stack).id, "analyst"]


def _out(world: World, _: Path) -> list[str]:
    return [suspended(person(world.stack)).id]


def _listed(world: World, folder: Path) -> list[str]:
    (folder / "erasures.txt").write_text(_somebody(world, folder)[0])
    return [str(folder / "erasures.txt")]


def _parked(world: World, _: Path) -> list[str]:
    world.stack.run_workers()
    (event,) = world.stack.wired.log.read(0, 1, 1)
    with world.stack.wired.projecting.transaction() as connection, connection.cursor() as cursor:
        parked.park(cursor, "changes", event, "somebody looks at it")
    return ["changes", "1"]


def _former_key(world: World, _: Path) -> list[str]:
    wired = world.stack.wired
    former = wired.keyring.keys("quote").current.id
    _rotation(wired, "ann", "before").rotate(["quote"])
    return ["quote", former]


def _passphrase(_: World, folder: Path) -> list[str]:
    (folder / "passphrase").write_text("correct horse battery staple")
    return [str(folder / "keys.json"), "--passphrase-file", str(folder / "passphrase")]


def _backup(world: World, folder: Path) -> list[str]:
    wired = world.stack.wired
    key_backup.save(wired.database, wired.keyring, folder / "keys.json", "correct horse battery staple")
    return _passphrase(world, folder)


GIVEN: Mapping[str, Callable[[World, Path], list[str]]] = {
    "users grant": _newcomer,
    "users revoke": _auditor,
    "users suspend": _somebody,
    "users reinstate": _out,
    "users erase": _somebody,
    "erasures reapply": _listed,
    "projections parked skip": _parked,
    "keys rotate": lambda _world, _folder: ["quote"],
    "keys end": _former_key,
    "keys backup": _passphrase,
    "keys restore": _backup,
}
"""What each is to be about."""


def test_every_command_that_asks_why_is_tried() -> None:
    assert set(commands(lodger)) == set(GIVEN)


@pytest.mark.parametrize("command", GIVEN)
def test_an_act_on_the_command_line_is_found_with_who_did_it_and_why(
    world: World, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_rotation", _rotation)
    given = GIVEN[command](world, tmp_path)
    name, why, at = f"Ann at the console {uuid4()}", f"ticket {uuid4()}", world.stack.wired.log.safe_position()

    environment = to_environment(world.stack.wired.settings)
    done = CliRunner().invoke(lodger, [*command.split(), *given, "--as", name, "--reason", why], env=environment)
    assert done.exit_code == 0, done.output

    acts = found(world, name, at)
    assert acts, "nothing of it is in the log"
    assert {event["actor"]["reason"] for event in acts} == {why}
