"""Reviews over HTTP: each side writes once when the stay is over; it shows when both have, or the window ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.reviews import review_id
from infrastructure.workers.deadlines import reveal_reviews
from tests.api.people import register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.reviews.stays import StayOver, move, stay_booked, stay_over


def listed(stay: StayOver) -> dict[str, object]:
    return json_of(stay.stack.anybody().get(f"/v1/properties/{stay.property_id}/reviews"))


def test_a_guest_reviews_a_stay_and_sees_it_sealed(shared: Stack) -> None:
    stay = stay_over(shared)

    answer = stay.write(stay.guest, 5, "The creek sings.", ratings={"cleanliness": 4, "location": 5})

    assert answer.status_code == 201, answer.text
    mine = json_of(answer)
    assert mine == {
        "id": mine["id"],
        "property": stay.property_id,
        "written_by": "guest",
        "author": stay.guest.id,
        "about": stay.host.id,
        "rating": 5,
        "ratings": {"cleanliness": 4, "location": 5},
        "comment": "The creek sings.",
        "created_at": mine["created_at"],
        "imported_from": None,
        "revealed": False,
        "reply": None,
    }
    assert stay.seen_by(stay.guest)["mine"] == mine
    shared.run_workers()
    assert listed(stay)["reviews"] == []
    assert stay.seen_by(stay.host) == {**stay.seen_by(stay.host), "mine": None, "other": None}


def test_when_both_have_written_both_are_read_by_everybody(shared: Stack) -> None:
    stay = stay_over(shared)
    stay.write(stay.guest, 5, "The creek sings.", ratings={"value": 3})
    stay.write(stay.host, 4, "A quiet guest.")
    shared.run_workers()

    found = listed(stay)
    assert [each["comment"] for each in found["reviews"]] == ["The creek sings."]  # type: ignore[attr-defined]
    rated = found["rated"]
    assert isinstance(rated, dict)
    assert rated["overall"] == {"count": 1, "average": "5.00"}
    assert rated["value"] == {"count": 1, "average": "3.00"}
    assert rated["location"] == {"count": 0, "average": None}
    of_guest = json_of(shared.anybody().get(f"/v1/users/{stay.guest.id}/reviews"))
    assert [each["comment"] for each in of_guest["reviews"]] == ["A quiet guest."]
    assert of_guest["rated"]["overall"] == {"count": 1, "average": "4.00"}
    seen = stay.seen_by(stay.guest)
    assert isinstance(seen["other"], dict)
    assert (seen["other"]["comment"], seen["other"]["revealed"]) == ("A quiet guest.", True)
    assert shared.anybody().get(f"/v1/reviews/{seen['other']['id']}").status_code == 200


def test_two_who_write_at_the_same_moment_are_both_revealed(shared: Stack) -> None:
    """Neither sees the other's when it is decided: the reaction sees both."""
    stay = stay_over(shared)
    stay.write(stay.guest)
    stay.write(stay.host)
    assert (stay.seen_by(stay.guest)["other"], stay.seen_by(stay.host)["other"]) == (None, None)
    shared.reactor.run()
    assert None not in (stay.seen_by(stay.guest)["other"], stay.seen_by(stay.host)["other"])


def test_the_end_of_the_window_reveals_what_one_side_wrote(shared: Stack) -> None:
    stay = stay_over(shared)
    stay.write(stay.guest, 2, "Cold.")
    shared.run_workers()
    move(shared, stay.closes_at - timedelta(hours=2))
    reveal_reviews(shared.wired.lodger, shared.wired.database)
    shared.run_workers()
    assert listed(stay)["reviews"] == []

    move(shared, stay.closes_at + timedelta(minutes=1))
    reveal_reviews(shared.wired.lodger, shared.wired.database)
    shared.run_workers()

    assert [each["comment"] for each in listed(stay)["reviews"]] == ["Cold."]  # type: ignore[attr-defined]
    late = stay.write(stay.host)
    assert (late.status_code, json_of(late)["type"]) == (409, "/problems/review-window-closed")


def test_a_stay_that_is_not_over_is_not_reviewed_and_one_that_is_needs_no_worker_for_it(shared: Stack) -> None:
    stay = stay_booked(shared)
    early = stay.write(stay.guest)
    assert (early.status_code, json_of(early)["type"]) == (409, "/problems/stay-not-over")
    assert stay.seen_by(stay.guest)["write_until"] is None
    move(shared, stay.closes_at - timedelta(days=14) + timedelta(minutes=1))
    assert stay.write(stay.guest).status_code == 201
    assert stay.seen_by(stay.guest)["write_until"] is not None


def test_each_side_writes_once_and_a_repeat_gets_its_answer(shared: Stack) -> None:
    stay, key = stay_over(shared), str(uuid4())
    path, body = f"/v1/bookings/{stay.booking_id}/reviews", {"rating": 4}
    first = stay.guest.post(path, body, Idempotency_Key=key)
    again = stay.guest.post(path, body, Idempotency_Key=key)
    assert (again.status_code, again.text) == (201, first.text)
    assert json_of(stay.guest.post(path, body))["type"] == "/problems/review-exists"


def test_who_was_reviewed_replies_once_and_everybody_reads_it(shared: Stack) -> None:
    stay = stay_over(shared)
    mine = json_of(stay.write(stay.guest, 3, "Cold."))
    stay.write(stay.host)
    path = f"/v1/reviews/{mine['id']}/reply"
    assert stay.host.post(path, {"text": "There is a stove."}).status_code == 404, "it is sealed still"
    shared.run_workers()

    answer = stay.host.post(path, {"text": "There is a stove."})

    assert answer.status_code == 200, answer.text
    assert json_of(stay.host.post(path, {"text": "And wood."}))["type"] == "/problems/reply-exists"
    assert stay.guest.post(path, {"text": "I"}).status_code == 404
    shared.run_workers()
    assert [each["reply"]["text"] for each in listed(stay)["reviews"]] == ["There is a stove."]  # type: ignore[attr-defined]


def test_an_operator_removes_a_review_with_a_reason_and_it_counts_no_more(shared: Stack) -> None:
    stay = stay_over(shared)
    mine = json_of(stay.write(stay.guest, 1, "Their child is called Kim."))
    stay.write(stay.host)
    shared.run_workers()
    path = f"/v1/operator/reviews/{mine['id']}/remove"
    assert stay.host.post(path, {"reason": "I want it"}).status_code == 403
    operator = Client(shared, OPERATOR_TOKEN)
    assert operator.post(path, {}).status_code == 422

    removed = operator.post(path, {"reason": "names a child"})

    assert (removed.status_code, removed.text) == (204, "")
    shared.run_workers()
    assert listed(stay)["reviews"] == []
    assert listed(stay)["rated"]["overall"] == {"count": 0, "average": None}  # type: ignore[index]
    assert shared.anybody().get(f"/v1/reviews/{mine['id']}").status_code == 404
    [removal] = [
        e
        for e in shared.wired.lodger.read(review_id(UUID(stay.booking_id), "guest")).in_order()
        if e.fact.TOPIC == "ReviewRemoved"
    ]
    assert (removal.actor.kind, removal.actor.reason) == ("operator", "names a child")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "validation-failed"),
        ({"rating": 0}, "validation-failed"),
        ({"rating": 5.5}, "validation-failed"),
        ({"rating": 5, "ratings": {"wifi": 3}}, "validation-failed"),
        ({"rating": 5, "comment": "x" * 5_001}, "validation-failed"),
        ({"rating": 5, "revealed": True}, "validation-failed"),
    ],
)
def test_a_review_that_is_not_sound_is_refused(shared: Stack, body: dict[str, object], code: str) -> None:
    stay = stay_over(shared)
    answer = stay.guest.post(f"/v1/bookings/{stay.booking_id}/reviews", body)
    assert (answer.status_code, json_of(answer)["type"]) == (422, f"/problems/{code}")


def test_hosts_give_one_rating(shared: Stack) -> None:
    stay = stay_over(shared)
    answer = stay.write(stay.host, 5, "", ratings={"location": 5})
    assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/rating-of-guests-only")


def test_strangers_find_no_such_booking(shared: Stack) -> None:
    stay, eve = stay_over(shared), register(shared)
    assert stay.write(eve).status_code == 404
    assert eve.get(f"/v1/bookings/{stay.booking_id}/reviews").status_code == 404
