"""What guest and host of a booking write to each other, and that nobody else reads it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from domain.policies import MESSAGES_PER_HOUR
from tests.api.people import book, host, listing, register
from tests.api.stack import Client, Stack, json_of


@dataclass
class Correspondence:
    ada: Client
    """The host."""
    bob: Client
    """The guest."""
    booking: str

    @property
    def path(self) -> str:
        return f"/v1/bookings/{self.booking}/messages"

    def write(self, author: Client, text: str) -> dict[str, Any]:
        answer = author.wish(self.path, {"text": text})
        assert answer.status_code == 201, answer.text
        return json_of(answer)

    def seen_by(self, reader: Client) -> dict[str, Any]:
        answer = reader.get(self.path)
        assert answer.status_code == 200, answer.text
        return json_of(answer)


@pytest.fixture
def thread(shared: Stack) -> Correspondence:
    ada, bob = host(shared), register(shared, "bob")
    return Correspondence(ada, bob, book(bob, listing(ada)))


def texts(answer: dict[str, Any]) -> list[str]:
    return [message["text"] for message in answer["messages"]]


def test_both_sides_read_what_was_written_newest_first(shared: Stack, thread: Correspondence) -> None:
    first = thread.write(thread.bob, "We arrive late.")
    second = thread.write(thread.ada, "No trouble at all.")
    assert first.keys() == {"number", "author", "from", "text", "sent_at"}
    assert (first["number"], first["author"], first["from"]) == (1, thread.bob.id, "guest")
    assert (second["number"], second["author"], second["from"]) == (2, thread.ada.id, "host")
    for reader in (thread.ada, thread.bob):
        answer = thread.seen_by(reader)
        assert answer["messages"] == [second, first]
        assert (answer["unread"], answer["read_upto"], answer["next_cursor"]) == (1, 0, None)


def test_strangers_find_no_such_booking(shared: Stack, thread: Correspondence) -> None:
    thread.write(thread.bob, "Between us.")
    for stranger in (register(shared, "eve"), host(shared)):
        for answer in (
            stranger.get(thread.path),
            stranger.wish(thread.path, {"text": "Hello?"}),
            stranger.raw("PUT", f"{thread.path}/read", b'{"upto": 1}'),
        ):
            assert answer.status_code == 404, answer.text
            assert json_of(answer)["type"] == "/problems/booking-not-found"
    assert shared.anybody().get(thread.path).status_code == 401
    assert texts(thread.seen_by(thread.ada)) == ["Between us."]


def test_messages_are_written_after_a_cancellation_too(shared: Stack, thread: Correspondence) -> None:
    assert thread.bob.post(f"/v1/bookings/{thread.booking}/cancel").status_code == 200
    thread.write(thread.bob, "I left my umbrella.")
    assert texts(thread.seen_by(thread.ada)) == ["I left my umbrella."]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Hello. \n", "Hello."),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("x" * 2000, "x" * 2000),
        (" " + "x" * 2000 + "\n", "x" * 2000),
        ("Ĝis revido! 再见 👋", "Ĝis revido! 再见 👋"),
        ("'); DROP TABLE messages; --", "'); DROP TABLE messages; --"),
    ],
)
def test_what_is_written_is_kept_without_the_blanks_around_it(thread: Correspondence, text: str, kept: str) -> None:
    assert thread.write(thread.bob, text)["text"] == kept
    assert texts(thread.seen_by(thread.ada)) == [kept]


@pytest.mark.parametrize("text", ["", "  \n\t ", "x" * 2001, "a\x00b", "a\x1bb", "a\x7fb", "a\x85b", "a\rb", 5, None])
def test_what_is_no_text_is_refused_and_nothing_is_kept(thread: Correspondence, text: Any) -> None:
    answer = thread.bob.wish(thread.path, {"text": text})
    assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/validation-failed")
    assert json_of(answer)["errors"].keys() == {"text"}
    assert texts(thread.seen_by(thread.bob)) == []


def test_a_message_that_is_sent_again_is_one_message(thread: Correspondence) -> None:
    first = thread.bob.wish(thread.path, {"text": "Once."}, "key-1")
    again = thread.bob.wish(thread.path, {"text": "Once."}, "key-1")
    other = thread.bob.wish(thread.path, {"text": "Twice."}, "key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    assert json_of(other)["type"] == "/problems/idempotency-key-reused"
    answer = thread.seen_by(thread.ada)
    assert (texts(answer), answer["unread"]) == (["Once."], 1)
    missing = thread.bob.post(thread.path, {"text": "No key."})
    assert json_of(missing)["type"] == "/problems/idempotency-key-required"


def test_messages_at_once_are_numbered_one_after_the_other_and_repeats_happen_once(thread: Correspondence) -> None:
    def write(number: int) -> int:
        author = (thread.ada, thread.bob)[number % 2]
        client = Client(author.stack, author.token)
        answer = client.wish(thread.path, {"text": f"line {number // 2}"}, f"key-{number // 2}")
        assert answer.status_code == 201, answer.text
        return int(json_of(answer)["number"])

    with ThreadPoolExecutor(8) as pool:
        # Ten lines of each side, every one sent three times.
        numbers = list(pool.map(write, [n % 20 for n in range(60)]))

    assert sorted(set(numbers)) == list(range(1, 21))
    answer = json_of(thread.ada.get(f"{thread.path}?limit=100"))
    assert [message["number"] for message in answer["messages"]] == list(range(20, 0, -1))
    assert answer["unread"] == 10


def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(thread: Correspondence) -> None:
    for number in range(1, 6):
        thread.write(thread.bob, f"line {number}")
    seen, query = list[str](), "?limit=2"
    while True:
        answer = json_of(thread.ada.get(f"{thread.path}{query}"))
        seen += texts(answer)
        if answer["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={answer['next_cursor']}"
        thread.write(thread.ada, "meanwhile")
    assert seen == ["line 5", "line 4", "line 3", "line 2", "line 1"]


def test_a_cursor_is_of_one_thread_and_one_reader(shared: Stack, thread: Correspondence) -> None:
    for _ in range(2):
        thread.write(thread.bob, "again")
    cursor = json_of(thread.bob.get(f"{thread.path}?limit=1"))["next_cursor"]
    answer = thread.ada.get(f"{thread.path}?limit=1&cursor={cursor}")
    assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/cursor-invalid")


def test_each_side_says_for_itself_how_far_it_has_read_and_never_goes_back(thread: Correspondence) -> None:
    for text in ("one", "two", "three"):
        thread.write(thread.bob, text)
    thread.write(thread.ada, "four")

    def mark(reader: Client, upto: int) -> tuple[int, int]:
        answer = reader.raw("PUT", f"{thread.path}/read", b'{"upto": %d}' % upto)
        assert answer.status_code == 200, answer.text
        return json_of(answer)["read_upto"], json_of(answer)["unread"]

    assert mark(thread.ada, 2) == (2, 1)
    assert mark(thread.ada, 1) == (2, 1)
    assert mark(thread.ada, 1_000_000) == (4, 0)
    assert thread.seen_by(thread.bob)["unread"] == 1
    thread.write(thread.bob, "five")
    assert thread.seen_by(thread.ada)["unread"] == 1
    assert mark(thread.bob, 4) == (4, 0)


def test_a_thread_without_messages_is_read(thread: Correspondence) -> None:
    answer = thread.bob.raw("PUT", f"{thread.path}/read", b'{"upto": 3}')
    assert json_of(answer) == {"read_upto": 0, "unread": 0}


def test_so_many_messages_are_taken_in_an_hour_and_then_more_again(shared: Stack, thread: Correspondence) -> None:
    for number in range(MESSAGES_PER_HOUR):
        last = thread.bob.wish(thread.path, {"text": f"line {number}"}, f"key-{number}")
        assert last.status_code == 201
    answer = thread.bob.wish(thread.path, {"text": "one too many"})
    assert (answer.status_code, json_of(answer)["type"]) == (429, "/problems/too-many-messages")
    assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    assert thread.seen_by(thread.ada)["unread"] == MESSAGES_PER_HOUR
    # A repeat of what was taken is still answered, and the other side still writes.
    repeated = thread.bob.wish(thread.path, {"text": f"line {MESSAGES_PER_HOUR - 1}"}, f"key-{MESSAGES_PER_HOUR - 1}")
    assert repeated.data == last.data
    thread.write(thread.ada, "Slowly, please.")
    _an_hour_passes(shared, thread.booking, 1)
    thread.write(thread.bob, "Sorry.")
    assert thread.bob.wish(thread.path, {"text": "And"}).status_code == 429


def test_what_is_written_is_in_no_event_and_in_no_mail(shared: Stack, thread: Correspondence) -> None:
    thread.write(thread.bob, "the door code is marmalade")
    assert shared.count("SELECT count(*) FROM events WHERE data LIKE '%marmalade%' OR meta LIKE '%marmalade%'") == 0
    assert shared.count("SELECT count(*) FROM mailings m WHERE m::text LIKE '%marmalade%'") == 0
    told = shared.count(
        f"SELECT count(*) FROM mailings WHERE stream_id = '{UUID(thread.booking)}' AND recipient = 'host'"
    )
    assert told == 1


def test_lists_count_what_that_side_has_not_read(shared: Stack, thread: Correspondence) -> None:
    thread.write(thread.bob, "one")
    thread.write(thread.bob, "two")
    shared.run_workers()
    (to_host,) = json_of(thread.ada.get("/v1/bookings?as=host"))["bookings"]
    (to_guest,) = json_of(thread.bob.get("/v1/bookings?as=guest"))["bookings"]
    assert (to_host["unread_messages"], to_guest["unread_messages"]) == (2, 0)


def _an_hour_passes(stack: Stack, booking: str, messages: int) -> None:
    """For the oldest messages: the limit counts real time, which no test waits for."""
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages SET recorded_at = recorded_at - interval '1 hour' WHERE booking_id = %s AND number <= %s",
            [UUID(booking), messages],
        )
