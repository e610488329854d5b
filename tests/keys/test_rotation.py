"""Each kind of key is rotated: what it made counts until its end, and not a second longer."""

from __future__ import annotations

from uuid import UUID, uuid4

import jwt
import pytest

from application.keys import Keys
from application.ports import IdentityTaken, NewPerson
from domain.platform import PLATFORM_ID, KeyDestroyed, KeyRotated
from domain.rejections import Rejected
from infrastructure.keyring import Keyring
from infrastructure.purposes import PURPOSES
from infrastructure.readiness import keys_open
from infrastructure.refusals import Refused
from infrastructure.sealing import CannotOpen, Sealer
from infrastructure.signing import KeyedSigner
from tests.api.people import PASSWORD, host, listing, register, stay
from tests.api.stack import Client, Stack, json_of, running
from tests.keys.conftest import OPERATOR, pass_, rotate, rotation, settle

MINUTES = 60.0


def facts(stack: Stack) -> list[object]:
    return [event.fact for event in stack.wired.lodger.log.load([PLATFORM_ID], None)[PLATFORM_ID]]


def kid(token: str) -> object:
    return jwt.get_unverified_header(token).get("kid")


def log_in(stack: Stack, client: Client) -> str:
    answer = stack.anybody().post("/v1/auth/tokens", {"email": client.user["email"], "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return str(json_of(answer)["access_token"])


# --- what is signed -----------------------------------------------------------------------------------------


def test_an_access_token_names_its_key_and_goes_on_until_its_own_end(stack: Stack) -> None:
    ada = register(stack, "ada")
    assert kid(str(ada.token)) is None, "the first key is from before keys had names"

    rotate(stack, "access token")

    token = log_in(stack, ada)
    assert kid(token) == stack.wired.keyring.keys("access token").current.id
    assert Client(stack, token).get("/v1/users/me").status_code == 200
    assert ada.get("/v1/users/me").status_code == 200, "signed before"

    pass_(stack.wired, 16 * MINUTES)

    assert ada.get("/v1/users/me").status_code == 401, "its key has ended, and so has it"
    assert Client(stack, token).get("/v1/users/me").status_code == 200


def test_a_token_with_another_key_in_its_header_is_refused(stack: Stack) -> None:
    ada = register(stack, "ada")
    rotate(stack, "access token")
    keys = stack.wired.keyring.keys("access token")
    claims = jwt.decode(str(ada.token), options={"verify_signature": False})
    first = keys.others[0]

    for secret, header in (
        (keys.current.secret, {"kid": first.id}),  # names the other key
        (first.secret, {"kid": first.id}),  # the first key goes without a name
        (keys.current.secret, {}),  # names none, and is not by the first
        (keys.current.secret, {"kid": "ffffffff"}),
        (keys.current.secret, {"kid": keys.current.id, "jku": "https://evil.example/keys"}),
        (b"a key of somebody else's, 32 bytes", {"kid": keys.current.id}),
    ):
        forged = jwt.encode(claims, secret, "HS256", headers={"typ": "at+jwt", **header})
        assert Client(stack, forged).get("/v1/users/me").status_code == 401, header


def test_a_quote_from_before_still_books_and_none_from_before_its_keys_end(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    place = listing(ada)
    quoted = [json_of(bob.post("/v1/quotes", stay(place, f"2031-07-0{day}", f"2031-07-0{day + 1}"))) for day in (1, 3)]

    rotate(stack, "quote")

    body = {**stay(place, "2031-07-01", "2031-07-02"), "quote": quoted[0]["quote"]}
    assert bob.wish("/v1/bookings", body).status_code == 201
    pass_(stack.wired, 32 * MINUTES)
    body = {**stay(place, "2031-07-03", "2031-07-04"), "quote": quoted[1]["quote"]}
    assert json_of(bob.wish("/v1/bookings", body))["type"].endswith("quote-invalid")


def test_a_cursor_goes_on_with_its_list(stack: Stack) -> None:
    ada = host(stack)
    for _ in range(3):
        listing(ada)
    stack.run_workers()
    first = json_of(stack.anybody().get("/v1/properties?limit=2"))

    rotate(stack, "cursor")

    second = stack.anybody().get(f"/v1/properties?limit=2&cursor={first['next_cursor']}")
    assert len(json_of(second)["properties"]) == 1


# --- what is digested ---------------------------------------------------------------------------------------


def test_a_request_that_is_repeated_gets_the_answer_it_got(stack: Stack) -> None:
    bob, place = register(stack, "bob"), listing(host(stack))
    first = bob.wish("/v1/bookings", stay(place), key="k")

    rotate(stack, "request body")

    again = bob.wish("/v1/bookings", stay(place), key="k")
    assert (again.status_code, again.text) == (201, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = bob.wish("/v1/bookings", stay(place, guests=1), key="k")
    assert json_of(other)["type"].endswith("idempotency-key-reused")


def test_a_calendars_address_holds_until_an_operator_ends_its_key(stack: Stack) -> None:
    ada = host(stack)
    place = listing(ada)
    url = json_of(ada.post(f"/v1/properties/{place}/calendar-address"))["url"]
    path = "/" + url.split("/", 3)[3]

    rotate(stack, "calendar token")

    assert stack.anybody().get(path).status_code == 200
    (former,) = stack.wired.keyring.keys("calendar token").others
    rotation(stack.wired).end("calendar token", former.id)
    stack.wired.keyring.read()
    assert stack.anybody().get(path).status_code == 404


@pytest.mark.parametrize("purpose", ["calendar token", "person key"])
def test_a_key_that_is_in_use_is_not_ended(stack: Stack, purpose: str) -> None:
    with pytest.raises(Refused):
        rotation(stack.wired).end(purpose, stack.wired.keyring.keys(purpose).current.id)


# --- what is unique -----------------------------------------------------------------------------------------


def test_no_two_accounts_have_one_address_at_any_moment_of_a_rotation(stack: Stack) -> None:
    """Two processes, one as late as it may be, register and look up the same addresses all the while."""
    wired, moments = stack.wired, 0
    views: list[Keys] = [wired.keyring.keys("email")]
    known = register(stack, "known")

    def moment() -> None:
        nonlocal moments
        wired.keyring.read()
        views.append(wired.keyring.keys("email"))
        late, soon = (signer_of(view) for view in views[-2:])
        for first, second in ((late, soon), (soon, late)):
            moments += 1
            address = f"m{moments}@example.org"
            take(stack, first, address)
            with pytest.raises(IdentityTaken):
                take(stack, second, address)
            for reader in (first, second):
                assert wired.lodger.people.find("email", reader.digest("email", address)), moments
                assert wired.lodger.people.find("email", reader.digest("email", known.user["email"])), moments

    rotation(wired, moment).rotate(["email"])
    moment()

    assert moments > 10
    registered = moments + 1
    assert stack.count("SELECT count(*) FROM identities WHERE kind = 'email'") == registered
    assert log_in(stack, known)


def signer_of(keys: Keys) -> KeyedSigner:
    class View:
        def keys(self, _purpose: str) -> Keys:
            return keys

    return KeyedSigner(View())


def take(stack: Stack, signer: KeyedSigner, address: str) -> None:
    """Register as a process does that knows these keys."""
    user_id, log = uuid4(), stack.wired.lodger.log
    identities = [("email", digest) for digest in signer.digests("email", address)]
    log.append([], person=NewPerson(user_id, str(user_id), address, "Somebody", None, identities))


def test_a_rotation_that_was_interrupted_goes_on_with_the_same_key(stack: Stack) -> None:
    ada = register(stack, "ada")

    def give_up() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation(stack.wired, give_up).rotate(["email"])
    rotate(stack, "email")

    assert len([fact for fact in facts(stack) if isinstance(fact, KeyRotated)]) == 1
    assert log_in(stack, ada)


def test_one_rotation_is_under_way_at_a_time(stack: Stack) -> None:
    refused = []

    def another() -> None:
        with pytest.raises(Refused) as told:
            rotate(stack, "quote")
        refused.append(str(told.value))

    rotation(stack.wired, another).rotate(["quote"])

    assert set(refused) == {"Another rotation is under way. Try again in a minute."}
    rotate(stack, "quote")


# --- of the settings ----------------------------------------------------------------------------------------


def test_the_operators_token_is_replaced_while_the_one_before_still_counts(database_url: str) -> None:
    new, before = "n" * 32, "b" * 32
    with running(database_url, LODGER_OPERATOR_TOKEN=new, LODGER_OPERATOR_TOKEN_BEFORE=before) as between:
        statuses = [
            Client(between, token).get("/v1/operator/payments").status_code for token in (new, before, "x" * 32)
        ]
    assert statuses == [200, 200, 401]
    with running(database_url, LODGER_OPERATOR_TOKEN=new) as after:
        assert [Client(after, token).get("/v1/operator/payments").status_code for token in (new, before)] == [200, 401]
        assert Client(after, "").get("/v1/operator/payments").status_code == 401


def test_with_another_secret_key_a_process_is_not_ready(stack: Stack) -> None:
    assert keys_open(stack.wired.keyring) == "ok"
    stack.wired.keyring.keys("quote")

    with pytest.raises(CannotOpen):
        keys_open(Keyring(stack.wired.database, ["x" * 32]))


# --- on record ----------------------------------------------------------------------------------------------


def test_every_rotation_and_destruction_is_an_event_with_its_reason(stack: Stack) -> None:
    former = stack.wired.keyring.keys("webhook secret").current.id

    rotate(stack, "webhook secret")
    settle(stack)

    (log,) = (stack.wired.lodger.log.load([PLATFORM_ID], None)[PLATFORM_ID],)
    current = stack.wired.keyring.keys("webhook secret").current.id
    assert [event.fact for event in log] == [
        KeyRotated("webhook secret", current),
        KeyDestroyed("webhook secret", former),
    ]
    assert {event.actor for event in log} == {OPERATOR}
    secret = stack.wired.keyring.keys("webhook secret").current.secret.hex()
    assert stack.count(f"SELECT count(*) FROM events e WHERE e::text LIKE '%{secret}%'") == 0


def test_a_key_that_has_ended_is_destroyed_by_whoever_looks_first_and_once(stack: Stack) -> None:
    rotate(stack, "quote")

    for _ in range(2):
        settle(stack, minutes=40)

    assert [type(fact) for fact in facts(stack)] == [KeyRotated, KeyDestroyed]
    assert stack.count("SELECT count(*) FROM keyring WHERE purpose = 'quote' AND sealed IS NULL") == 1


def test_a_purpose_nobody_has_described_has_no_keys(stack: Stack) -> None:
    with pytest.raises(KeyError):
        stack.wired.lodger.signer.digest("something new", "x")


def test_every_purpose_can_be_rotated_at_once(stack: Stack) -> None:
    ada = register(stack, "ada")

    rotate(stack, *PURPOSES)

    assert log_in(stack, ada)
    assert ada.get("/v1/users/me").status_code == 200
    for purpose in PURPOSES:
        assert not stack.wired.keyring.keys(purpose).current.is_first, purpose


def test_a_secret_key_of_the_settings_derives_what_it_always_did(stack: Stack) -> None:
    """What was signed, digested and sealed before there was a ring stays good."""
    root = stack.wired.settings.secret_key
    sealed = Sealer.under([root], "webhook secret").seal(UUID(int=1), b"whsec")

    assert stack.wired.keyring.sealer("webhook secret").open(UUID(int=1), sealed) == b"whsec"
    assert stack.wired.keyring.keys("webhook secret").current.is_first


def test_what_is_not_ours_is_refused_as_before(stack: Stack) -> None:
    signer = stack.wired.lodger.signer
    for token in ("", "x.y.z", "e30.e30.e30", "é"):
        with pytest.raises(Rejected) as refused:
            signer.verify("quote", token, stack.now())
        assert refused.value.code == "quote_invalid"
