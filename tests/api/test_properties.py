"""Changing a property over HTTP: what is left out stays, and nobody overwrites what they have not seen."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.api.people import PROPERTY, draft, host, listing, register
from tests.api.stack import Client, Stack, json_of


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


def test_hosts_manage_every_price_and_replace_overrides_as_a_whole(shared: Stack) -> None:
    ada = host(shared)
    path = f"/v1/properties/{draft(ada)}"
    easter = {"from": "2032-03-26", "until": "2032-03-30", "price_per_night": {"amount": "150.00", "currency": "USD"}}
    summer = {"from": "2031-07-01", "until": "2031-09-01", "price_per_night": {"amount": "130.00", "currency": "USD"}}
    prices = {
        "weekend_price": {"amount": "120.00", "currency": "USD"},
        "overrides": [summer, easter],
        "weekly_discount_percent": 10,
        "monthly_discount_percent": 25,
        "cleaning_fee": {"amount": "30.00", "currency": "USD"},
        "extra_guest_fee": {"amount": "15.00", "currency": "USD"},
        "guests_included": 2,
        "tax_basis_points": 875,
    }

    assert json_of(change(ada, path, {"pricing": prices}))["pricing"] == prices
    assert json_of(change(ada, path, {"pricing": {"overrides": [easter]}}))["pricing"] == {
        **prices,
        "overrides": [easter],
    }
    cleared = json_of(change(ada, path, {"pricing": {"overrides": [], "weekend_price": None}}))["pricing"]
    assert cleared == {**prices, "overrides": [], "weekend_price": None}


@pytest.mark.parametrize("policy", ["flexible", "moderate", "strict", "non_refundable"])
def test_hosts_choose_one_of_four_cancellation_policies(shared: Stack, policy: str) -> None:
    ada = host(shared)
    path = f"/v1/properties/{listing(ada)}"
    assert json_of(ada.get(path))["house_rules"]["cancellation_policy"] == "flexible"

    changed = change(ada, path, {"house_rules": {"cancellation_policy": policy}})

    assert json_of(changed)["house_rules"]["cancellation_policy"] == policy
    assert json_of(shared.anybody().get(path))["house_rules"]["cancellation_policy"] == policy


def test_rules_are_changed_one_by_one_and_only_as_they_were_seen(shared: Stack) -> None:
    ada = host(shared)
    path = f"/v1/properties/{listing(ada, house_rules={'minimum_nights': 2})}"
    seen = ada.get(path).headers["ETag"]

    rules = json_of(change(ada, path, {"house_rules": {"check_in_time": "16:30"}}))["house_rules"]

    assert (rules["check_in_time"], rules["minimum_nights"], rules["check_out_time"]) == ("16:30", 2, "11:00")
    assert ada.patch(path, {"house_rules": {"minimum_nights": 3}}).status_code == 428
    assert ada.patch(path, {"house_rules": {"minimum_nights": 3}}, If_Match=seen).status_code == 412
    unknown = ada.patch(path, {"house_rules": {"cancellation_policy": "lenient"}}, If_Match=seen)
    assert json_of(unknown)["type"] == "/problems/validation-failed"


def change(client: Client, path: str, body: dict[str, object]) -> TestResponse:
    changed = client.patch(path, body, If_Match=client.get(path).headers["ETag"])
    assert changed.status_code == 200, changed.text
    return changed
