"""Properties: drafts, their parts, publishing, and the nights a host keeps free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from domain.money import Money
from domain.policies import AMENITIES_MAX, BLOCKS_MAX
from domain.pricing import Pricing
from domain.properties import (
    Block,
    Changes,
    HouseRules,
    NightsBlocked,
    NightsUnblocked,
    Property,
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyFact,
    PropertyHouseRulesChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyPublished,
    PropertyUnpublished,
    block,
    change,
    create,
    evolve,
    missing_to_publish,
    must_be_hosted_by,
    must_exist,
    publish,
    unblock,
    unpublish,
)
from domain.rejections import Rejected
from tests.support.examples import (
    BLOCK,
    DETAILS,
    DRAFT,
    HOST,
    HOUSE_RULES,
    LOCATION,
    PRICING,
    PUBLISHED,
    SOURCE,
    STRANGER,
    usd,
)
from tests.support.spec import Spec

PROPERTIES = Spec[Property | None, PropertyFact](evolve, None)
CREATED = PropertyCreated(HOST)
EVERYTHING = Changes(DETAILS, LOCATION, PRICING, HOUSE_RULES)

Decision = Callable[[Property | None], tuple[PropertyFact, ...]]


def changing(changes: Changes) -> Decision:
    return lambda state: change(must_exist(state), changes)


def publishing(state: Property | None) -> tuple[PropertyFact, ...]:
    return publish(must_exist(state))


def unpublishing(reason: str | None = None) -> Decision:
    return lambda state: unpublish(must_exist(state), reason)


def blocking(*blocks: Block) -> Decision:
    return lambda state: block(must_exist(state), blocks)


def unblocking(*block_ids: UUID) -> Decision:
    return lambda state: unblock(must_exist(state), block_ids)


def test_a_draft_may_begin_empty() -> None:
    PROPERTIES.given().when(lambda state: create(state, HOST, Changes())).then(CREATED)


def test_a_draft_may_begin_with_everything_known() -> None:
    PROPERTIES.given().when(lambda state: create(state, HOST, EVERYTHING, SOURCE)).then(
        PropertyCreated(HOST, SOURCE), *DRAFT[1:]
    )


def test_a_property_begins_once() -> None:
    PROPERTIES.given(CREATED).when(lambda state: create(state, HOST, Changes())).then_rejected("property_exists")


def test_a_draft_with_a_bad_part_does_not_begin() -> None:
    bad = Changes(pricing=Pricing(usd("0.00")))
    PROPERTIES.given().when(lambda state: create(state, HOST, bad)).then_rejected("price_out_of_range")


def test_setting_every_part_of_an_empty_draft_tells_every_part() -> None:
    PROPERTIES.given(CREATED).when(changing(EVERYTHING)).then(
        PropertyDetailsChanged(DETAILS),
        PropertyLocationChanged(LOCATION),
        PropertyPricingChanged(PRICING),
        PropertyHouseRulesChanged(HOUSE_RULES),
    )


def test_setting_parts_to_what_they_are_tells_nothing() -> None:
    PROPERTIES.given(*PUBLISHED).when(changing(EVERYTHING)).then_nothing()
    PROPERTIES.given(*PUBLISHED).when(changing(Changes())).then_nothing()


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        (
            replace(EVERYTHING, details=replace(DETAILS, title="Loft")),
            PropertyDetailsChanged(replace(DETAILS, title="Loft")),
        ),
        (
            replace(EVERYTHING, location=replace(LOCATION, city="Hudson")),
            PropertyLocationChanged(replace(LOCATION, city="Hudson")),
        ),
        (
            replace(EVERYTHING, pricing=replace(PRICING, tax_bp=900)),
            PropertyPricingChanged(replace(PRICING, tax_bp=900)),
        ),
        (replace(EVERYTHING, house_rules=HouseRules()), PropertyHouseRulesChanged(HouseRules())),
    ],
)
def test_only_the_part_that_differs_is_told(changes: Changes, fact: PropertyFact) -> None:
    PROPERTIES.given(*PUBLISHED).when(changing(changes)).then(fact)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (Changes(details=replace(DETAILS, title=" \n")), "title_blank"),
        (Changes(details=replace(DETAILS, guests=0)), "guests_out_of_range"),
        (Changes(details=replace(DETAILS, guests=51)), "guests_out_of_range"),
        (Changes(details=replace(DETAILS, amenities=("wifi",) * (AMENITIES_MAX + 1))), "too_many_amenities"),
        (Changes(pricing=replace(PRICING, tax_bp=10_001)), "tax_out_of_range"),
        (Changes(house_rules=HouseRules(minimum_nights=0)), "nights_rule_impossible"),
        (Changes(house_rules=HouseRules(minimum_nights=3, maximum_nights=2)), "nights_rule_impossible"),
        (Changes(house_rules=HouseRules(maximum_nights=366)), "nights_rule_impossible"),
        (Changes(house_rules=HouseRules(advance_notice_days=-1)), "advance_notice_out_of_range"),
        (Changes(house_rules=HouseRules(advance_notice_days=366)), "advance_notice_out_of_range"),
    ],
)
def test_a_part_that_no_guest_should_meet_is_refused(changes: Changes, code: str) -> None:
    PROPERTIES.given(CREATED).when(changing(changes)).then_rejected(code)


@pytest.mark.parametrize(
    "changes",
    [
        Changes(details=replace(DETAILS, guests=50, amenities=("wifi",) * AMENITIES_MAX)),
        Changes(house_rules=HouseRules(minimum_nights=365, maximum_nights=365, advance_notice_days=365)),
    ],
)
def test_a_part_at_the_very_limits_is_taken(changes: Changes) -> None:
    assert PROPERTIES.given(CREATED).when(changing(changes)).facts


def test_the_currency_of_a_property_stays() -> None:
    euros = Pricing(Money.parse("90.00", "EUR"))
    PROPERTIES.given(*DRAFT).when(changing(Changes(pricing=euros))).then_rejected("currency_fixed", currency="USD")


def test_a_complete_draft_is_published() -> None:
    PROPERTIES.given(*DRAFT).when(publishing).then(PropertyPublished())


def test_house_rules_have_defaults_that_publishing_takes() -> None:
    PROPERTIES.given(*DRAFT[:4]).when(publishing).then(PropertyPublished())


def test_publishing_again_changes_nothing() -> None:
    PROPERTIES.given(*PUBLISHED).when(publishing).then_nothing()


@pytest.mark.parametrize(
    ("known", "missing"),
    [
        (Changes(), ["details", "location", "price_per_night"]),
        (Changes(details=DETAILS), ["location", "price_per_night"]),
        (Changes(location=LOCATION), ["details", "price_per_night"]),
        (Changes(pricing=PRICING), ["details", "location"]),
        (Changes(details=DETAILS, location=LOCATION), ["price_per_night"]),
        (Changes(location=LOCATION, pricing=PRICING), ["details"]),
        (Changes(details=DETAILS, pricing=PRICING, house_rules=HOUSE_RULES), ["location"]),
    ],
)
def test_publishing_lists_every_missing_part_at_once(known: Changes, missing: list[str]) -> None:
    past = (CREATED, *change(Property(HOST), known))
    PROPERTIES.given(*past).when(publishing).then_rejected("property_incomplete", missing=missing)
    assert missing_to_publish(must_exist(PROPERTIES.fold(past))) == missing


def test_a_published_property_is_withdrawn_and_published_again() -> None:
    PROPERTIES.given(*PUBLISHED).when(unpublishing("renovation")).then(PropertyUnpublished("renovation"))
    PROPERTIES.given(*PUBLISHED, PropertyUnpublished()).when(publishing).then(PropertyPublished())


def test_withdrawing_what_is_not_published_changes_nothing() -> None:
    PROPERTIES.given(*DRAFT).when(unpublishing()).then_nothing()
    PROPERTIES.given(*PUBLISHED, PropertyUnpublished()).when(unpublishing()).then_nothing()


OVERLAPPING = Block(UUID(int=8), BLOCK.first + timedelta(days=1), BLOCK.until + timedelta(days=1))


def test_a_host_blocks_nights_and_blocks_may_overlap() -> None:
    PROPERTIES.given(*DRAFT).when(blocking(BLOCK, OVERLAPPING)).then(NightsBlocked((BLOCK, OVERLAPPING)))
    PROPERTIES.given(*DRAFT, NightsBlocked((BLOCK,))).when(blocking(OVERLAPPING)).then(NightsBlocked((OVERLAPPING,)))


def test_blocking_nothing_tells_nothing() -> None:
    PROPERTIES.given(CREATED).when(blocking()).then_nothing()
    PROPERTIES.given(CREATED).when(unblocking()).then_nothing()


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (date(2026, 7, 1), "block_reversed"),
        (date(2026, 6, 30), "block_reversed"),
        (date(2027, 7, 2), "block_too_long"),  # 366 nights from 1 July 2026
    ],
)
def test_a_block_that_is_no_range_of_nights_is_refused(until: date, code: str) -> None:
    PROPERTIES.given(CREATED).when(blocking(BLOCK, replace(BLOCK, until=until))).then_rejected(code)


def test_a_block_of_365_nights_is_taken() -> None:
    year = replace(BLOCK, until=date(2027, 7, 1))
    PROPERTIES.given(CREATED).when(blocking(year)).then(NightsBlocked((year,)))


def test_a_property_has_so_many_blocks_and_no_more() -> None:
    almost = tuple(replace(BLOCK, block_id=UUID(int=n)) for n in range(BLOCKS_MAX - 1))
    given = PROPERTIES.given(CREATED, NightsBlocked(almost))
    given.when(blocking(BLOCK)).then(NightsBlocked((BLOCK,)))
    given.when(blocking(BLOCK, replace(BLOCK, block_id=UUID(int=BLOCKS_MAX)))).then_rejected("too_many_blocks")


def test_a_block_is_taken_away_once() -> None:
    given = PROPERTIES.given(CREATED, NightsBlocked((BLOCK, OVERLAPPING)))
    given.when(unblocking(BLOCK.block_id)).then(NightsUnblocked((BLOCK.block_id,)))
    gone = PROPERTIES.given(CREATED, NightsBlocked((BLOCK,)), NightsUnblocked((BLOCK.block_id,)))
    gone.when(unblocking(BLOCK.block_id)).then_rejected("block_not_found")


def test_nothing_is_unblocked_when_one_of_the_blocks_is_unknown() -> None:
    given = PROPERTIES.given(CREATED, NightsBlocked((BLOCK,)))
    given.when(unblocking(BLOCK.block_id, OVERLAPPING.block_id)).then_rejected("block_not_found")


def test_the_revision_counts_what_is_shown_and_not_blocks() -> None:
    shown = must_exist(PROPERTIES.fold(PUBLISHED))
    assert shown.revision == len(PUBLISHED)
    blocked = must_exist(PROPERTIES.fold((*PUBLISHED, NightsBlocked((BLOCK,)), NightsUnblocked((BLOCK.block_id,)))))
    assert blocked == shown


def test_a_property_is_only_its_hosts_to_change() -> None:
    listing = PROPERTIES.fold(PUBLISHED)
    assert must_be_hosted_by(listing, HOST) == listing
    for state, user in ((listing, STRANGER), (None, HOST)):
        with pytest.raises(Rejected) as refused:
            must_be_hosted_by(state, user)
        assert refused.value.code == "property_not_found"


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("coordinates_out_of_range", Changes(location=replace(LOCATION, latitude_e6=90_000_001))),
        ("coordinates_out_of_range", Changes(location=replace(LOCATION, longitude_e6=-180_000_001))),
        ("zone_unknown", Changes(location=replace(LOCATION, zone="Mars/Olympus"))),
        ("zone_unknown", Changes(location=replace(LOCATION, zone="../etc/passwd"))),
        ("zone_unknown", Changes(location=replace(LOCATION, zone="America"))),
        ("rooms_out_of_range", Changes(details=replace(DETAILS, beds=-1))),
        ("rooms_out_of_range", Changes(details=replace(DETAILS, bedrooms=1_001))),
        ("guests_included_out_of_range", Changes(pricing=replace(PRICING, guests_included=0))),
    ],
)
def test_a_place_that_cannot_be_is_refused(code: str, changes: Changes) -> None:
    PROPERTIES.given(*DRAFT).when(lambda state: change(must_exist(state), changes)).then_rejected(code)
