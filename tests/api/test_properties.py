"""Changing a property over HTTP: what is left out stays, and nobody overwrites what they have not seen."""

from __future__ import annotations

from tests.api.people import PROPERTY, draft, host, listing, register
from tests.api.stack import Stack, json_of


def test_what_is_left_out_stays_as_it_is(shared: Stack) -> None:
    ada = host(shared)
    path = f"/v1/properties/{draft(ada, pricing={'cleaning_fee': {'amount': '30.00', 'currency': 'USD'}})}"
    before = ada.get(path)
    change = {"description": "New.", "pricing": {"weekly_discount_percent": 10}, "house_rules": {"minimum_nights": 2}}

    changed = ada.patch(path, change, If_Match=before.headers["ETag"])

    was, now = json_of(before), json_of(changed)
    assert changed.status_code == 200
    assert now["description"] == "New."
    assert now["pricing"]["cleaning_fee"] == {"amount": "30.00", "currency": "USD"}
    assert now["pricing"]["weekly_discount_percent"] == 10
    assert (now["house_rules"]["minimum_nights"], now["house_rules"]["maximum_nights"]) == (2, 365)
    same = now.keys() - {"description", "pricing", "house_rules", "revision"}
    assert {name: now[name] for name in same} == {name: was[name] for name in same}
    # three parts changed, one fact each
    assert now["revision"] == was["revision"] + 3
    assert changed.headers["ETag"] == ada.get(path).headers["ETag"] == f'"{now["revision"]}"'


def test_null_removes_a_fee(shared: Stack) -> None:
    ada = host(shared)
    path = f"/v1/properties/{draft(ada, pricing={'cleaning_fee': {'amount': '30.00', 'currency': 'USD'}})}"

    changed = ada.patch(path, {"pricing": {"cleaning_fee": None}}, If_Match=ada.get(path).headers["ETag"])

    assert json_of(changed)["pricing"]["cleaning_fee"] is None


def test_two_hosts_hands_do_not_overwrite_each_other(shared: Stack) -> None:
    ada = host(shared)
    path = f"/v1/properties/{draft(ada)}"
    seen = ada.get(path).headers["ETag"]
    assert ada.patch(path, {"title": "First"}, If_Match=seen).status_code == 200

    second = ada.patch(path, {"title": "Second"}, If_Match=seen)

    assert second.status_code == 412
    assert json_of(ada.get(path))["title"] == "First"


def test_a_block_does_not_break_an_edit_that_was_begun_before_it(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    path = f"/v1/properties/{property_id}"
    seen = ada.get(path).headers["ETag"]
    ada.post(f"{path}/blocks", {"from": "2031-07-01", "until": "2031-07-02"})

    assert ada.patch(path, {"title": "New"}, If_Match=seen).status_code == 200


def test_what_if_match_may_say(shared: Stack) -> None:
    ada = host(shared)
    path = f"/v1/properties/{draft(ada)}"
    for stale in ("*", 'W/"4"', '"4", "5"', '"0"', '"x"', '"99999999999"'):
        assert ada.patch(path, {"title": "New"}, If_Match=stale).status_code == 412, stale


def test_coordinates_keep_six_digits_and_the_zone_is_theirs(shared: Stack) -> None:
    ada = host(shared)
    place = {**PROPERTY["location"], "coordinates": {"latitude": 42.65257949, "longitude": -73.7562317}}
    shown = json_of(ada.get(f"/v1/properties/{draft(ada, location=place)}"))
    assert shown["location"]["coordinates"] == {"latitude": 42.652579, "longitude": -73.756232}
    assert shown["location"]["zone"] == "America/New_York"


def test_amenities_are_known_words_or_kept_as_other(shared: Stack) -> None:
    ada = host(shared)
    shown = json_of(
        ada.get(f"/v1/properties/{draft(ada, amenities=['Wifi', 'Air conditioning', 'Telescope', 'wifi'])}")
    )
    assert shown["amenities"] == ["wifi", "air_conditioning", "other:Telescope"]


def test_an_unpublished_property_is_its_hosts_alone(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    assert shared.anybody().get(f"/v1/properties/{property_id}").status_code == 200

    assert json_of(ada.post(f"/v1/properties/{property_id}/unpublish"))["status"] == "unpublished"

    assert shared.anybody().get(f"/v1/properties/{property_id}").status_code == 404
    assert ada.get(f"/v1/properties/{property_id}").status_code == 200
    shared.run_workers()
    found = json_of(shared.anybody().get("/v1/properties?limit=100"))["properties"]
    assert property_id not in [each["id"] for each in found]


def test_search_pages_go_through_all_of_it_once(stack: Stack) -> None:
    ada = host(stack)
    prices = ["90.00", "80.00", "100.00", "80.00", "70.00"]
    made = [listing(ada, price_per_night={"amount": price, "currency": "USD"}) for price in prices]
    stack.run_workers()

    seen: list[tuple[str, str]] = []
    path = "/v1/properties?limit=2&sort=price&currency=USD&price_max=90.00&bbox=-74,42,-73,43"
    cursor = ""
    while True:
        page = json_of(stack.anybody().get(path + cursor))
        seen += [(each["price_per_night"]["amount"], each["id"]) for each in page["properties"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert [price for price, _ in seen] == ["70.00", "80.00", "80.00", "90.00"]
    assert {property_id for _, property_id in seen} == set(made) - {made[2]}


def test_a_profile_is_changed_by_whom_it_is_of_and_only_as_it_was_seen(shared: Stack) -> None:
    bob = register(shared, "bob")
    seen = bob.get("/v1/users/me").headers["ETag"]

    changed = bob.patch("/v1/users/me", {"bio": "Hello.", "phone": "+256772123456"}, If_Match=seen)

    assert (json_of(changed)["bio"], json_of(changed)["phone"]) == ("Hello.", "+256772123456")
    assert bob.patch("/v1/users/me", {"bio": "Again."}, If_Match=seen).status_code == 412
    removed = bob.patch("/v1/users/me", {"phone": None}, If_Match=changed.headers["ETag"])
    assert json_of(removed)["phone"] is None
    assert json_of(bob.get("/v1/users/me"))["bio"] == "Hello."
