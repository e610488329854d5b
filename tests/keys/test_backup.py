"""A database that was restored is read again with the keys of a backup; the file alone tells nothing."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg2
import pytest
from click.testing import CliRunner, Result

from domain.events import Actor
from domain.platform import PLATFORM_ID, KeysBackedUp, KeysRestored
from infrastructure import key_backup
from infrastructure.cli import keys as cli
from infrastructure.key_rotation import destroy_what_ended
from infrastructure.keyring import Keyring
from infrastructure.purposes import PURPOSES
from infrastructure.refusals import Refused
from infrastructure.sealing import CannotOpen
from infrastructure.settings import to_environment
from tests.api.people import PASSWORD, register
from tests.api.stack import Client, Stack, json_of, running
from tests.keys.conftest import pass_, rotation
from tests.support.servers import Databases

PASSPHRASE = "four words that nobody guesses"
NEW_ROOT = "another-secret-key-of-the-tests-0123456789"
ENDPOINT = {"url": "https://hooks.example.org/lodger"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def lodger(stack: Stack, tmp_path: Path, *arguments: str, root: str = "") -> Result:
    """`./run lodger keys …` with a passphrase from a file."""
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    environment = to_environment(stack.wired.settings)
    if root:
        environment["LODGER_SECRET_KEY"] = root
    asked = [argument.replace("PASSPHRASE", str(tmp_path / "passphrase")) for argument in arguments]
    return CliRunner().invoke(cli.command, asked, env=environment)


def back_up(stack: Stack, file: Path) -> None:
    act = ["backup", str(file), "--passphrase-file", "PASSPHRASE", "--as", "ada", "--reason", "every month"]
    done = lodger(stack, file.parent, *act)
    assert done.exit_code == 0, done.output


def test_a_restored_database_is_read_with_the_keys_of_a_backup(stack: Stack, file: Path) -> None:
    bob = register(stack, "bob")
    endpoint = json_of(bob.wish("/v1/webhook-endpoints", ENDPOINT))
    rotation(stack.wired).rotate(["email", "webhook secret", "access token"])
    back_up(stack, file)

    # The same database, and LODGER_SECRET_KEY is lost.
    with running(stack.wired.settings.database_url, LODGER_SECRET_KEY=NEW_ROOT) as restored:
        with pytest.raises(CannotOpen):
            restored.wired.keyring.keys("email")
        act = ["restore", str(file), "--passphrase-file", "PASSPHRASE", "--as", "ada", "--reason", "the key is lost"]
        put_back = lodger(stack, file.parent, *act, root=NEW_ROOT)
        assert put_back.exit_code == 0, put_back.output

        restored.wired.keyring.read()
        logged_in = restored.anybody().post("/v1/auth/tokens", {"email": bob.user["email"], "password": PASSWORD})
        assert logged_in.status_code == 200, logged_in.text
        assert Client(restored, bob.token).get("/v1/users/me").status_code == 200, "a token from before"
        with restored.wired.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM webhook_endpoints")
            ((sealed,),) = cursor.fetchall()
        secret = restored.wired.keyring.sealer("webhook secret").open(UUID(endpoint["id"]), bytes(sealed))
        assert secret.decode() == endpoint["secret"]
        *_, done = restored.wired.lodger.log.load([PLATFORM_ID])[PLATFORM_ID]
        assert (done.fact, done.actor) == (KeysRestored(), Actor("operator", "ada", "the key is lost"))


def test_a_ring_that_is_lost_is_put_back_whole_and_what_is_there_is_left_alone(
    postgres: Databases, stack: Stack, file: Path
) -> None:
    for purpose in PURPOSES:
        stack.wired.keyring.keys(purpose)
    before = {purpose: stack.wired.keyring.keys(purpose).current.secret for purpose in PURPOSES}
    back_up(stack, file)
    saved = key_backup.read(file, PASSPHRASE)
    lose_ring(postgres, stack)

    fresh = Keyring(stack.wired.database, [NEW_ROOT])
    assert key_backup.put_back(stack.wired.database, fresh, saved) == len(PURPOSES)
    assert key_backup.put_back(stack.wired.database, fresh, saved) == 0

    assert {purpose: fresh.keys(purpose).current.secret for purpose in PURPOSES} == before
    assert all(fresh.keys(purpose).current.is_first for purpose in PURPOSES)


def test_a_database_that_began_with_keys_of_its_own_is_refused_untouched(
    postgres: Databases, stack: Stack, file: Path
) -> None:
    back_up(stack, file)
    saved = key_backup.read(file, PASSPHRASE)
    lose_ring(postgres, stack)
    other = Keyring(stack.wired.database, [NEW_ROOT])
    mine = other.keys("username").current.secret

    with pytest.raises(Refused, match="username"):
        key_backup.put_back(stack.wired.database, other, saved)

    assert stack.count("SELECT count(*) FROM keyring") == 1
    assert Keyring(stack.wired.database, [NEW_ROOT]).keys("username").current.secret == mine


def test_a_key_that_was_destroyed_stays_destroyed(stack: Stack, file: Path) -> None:
    stack.wired.keyring.keys("webhook secret")
    back_up(stack, file)
    rotating = rotation(stack.wired)
    rotating.rotate(["webhook secret"])
    pass_(stack.wired, 60)
    destroy_what_ended(rotating.lodger, rotating.database, rotating.call)

    count = key_backup.put_back(stack.wired.database, stack.wired.keyring, key_backup.read(file, PASSPHRASE))

    assert count == 0
    assert stack.count("SELECT count(*) FROM keyring WHERE destroyed_at IS NOT NULL AND sealed IS NULL") == 1


def test_the_file_is_for_its_owner_and_holds_no_key_that_can_be_read(stack: Stack, file: Path) -> None:
    back_up(stack, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_bytes()
    for purpose in PURPOSES:
        for key in stack.wired.keyring.keys(purpose):
            assert key.secret not in text
            assert key.secret.hex().encode() not in text
    assert stack.wired.settings.secret_key.encode() not in text
    assert set(json.loads(text)) == {"format", "scrypt", "salt", "nonce", "content"}


def test_with_another_passphrase_or_altered_it_opens_not(stack: Stack, file: Path) -> None:
    back_up(stack, file)
    with pytest.raises(Refused, match="passphrase"):
        key_backup.read(file, PASSPHRASE + "!")

    document = json.loads(file.read_text())
    document["content"] = "A" * 8 + document["content"][8:]
    file.write_text(json.dumps(document))
    with pytest.raises(Refused, match="altered"):
        key_backup.read(file, PASSPHRASE)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "no", '{"format": "lodger keys 1", "scrypt": {"n": 2, "r": 1, "p": 1}}']
)
def test_what_is_no_backup_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(Refused):
        key_backup.read(file, PASSPHRASE)


def test_nothing_is_written_over_and_a_short_passphrase_is_refused(stack: Stack, file: Path) -> None:
    file.write_text("mine")
    act = ["backup", str(file), "--passphrase-file", "PASSPHRASE", "--as", "ada", "--reason", "r"]
    assert isinstance(lodger(stack, file.parent, *act).exception, Refused)
    assert file.read_text() == "mine"

    short = file.parent / "short"
    short.write_text("fifteen letters\n")
    new = file.parent / "new.json"
    act = ["backup", str(new), "--passphrase-file", str(short), "--as", "ada", "--reason", "r"]
    assert isinstance(lodger(stack, file.parent, *act).exception, Refused)
    assert not new.exists()


def test_the_list_says_what_is_in_no_backup_and_shows_no_key(stack: Stack, file: Path) -> None:
    assert unsaved(lodger(stack, file.parent, "list").output) == set(PURPOSES)
    back_up(stack, file)
    rotation(stack.wired).rotate(["quote"])

    shown = lodger(stack, file.parent, "list").output

    assert unsaved(shown) == {"quote"}
    for purpose in PURPOSES:
        for key in stack.wired.keyring.keys(purpose):
            assert key.id in shown, purpose
            assert key.secret.hex() not in shown
    assert stack.wired.settings.secret_key not in shown
    assert stack.wired.settings.operator_token not in shown
    backed_up = [e for e in stack.wired.lodger.log.load([PLATFORM_ID], None)[PLATFORM_ID] if e.fact == KeysBackedUp()]
    assert [(event.actor.id, event.actor.reason) for event in backed_up] == [("ada", "every month")]


def unsaved(shown: str) -> set[str]:
    """The purposes that have a key which is in no backup, by the list."""
    rows = [line.strip() for line in shown.splitlines() if re.search(r"\S  +no\b", line)]
    return {re.split(r"  +", row)[0] for row in rows}


def lose_ring(postgres: Databases, stack: Stack) -> None:
    """As no login of Lodger's may."""
    name = urlsplit(stack.wired.settings.database_url).path.removeprefix("/")
    connection = psycopg2.connect(postgres.superuser_url(name))
    with connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM keyring")
    connection.close()
