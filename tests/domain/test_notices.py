"""Every fact is told to somebody, or silent for a reason."""

from __future__ import annotations

from itertools import chain
from typing import get_args

import pytest

from domain.bookings import BookingHeld
from domain.catalogue import FACTS
from domain.notices import (
    CATEGORY_OF,
    NOTICES,
    OPTIONAL,
    TOLD,
    Category,
    Channels,
    Notice,
    Silent,
    Template,
    wants_mail,
)
from domain.properties import PropertyFact


def test_every_fact_but_those_of_properties_is_in_the_table() -> None:
    """What changes a property is its host's own doing: the listing shows it."""
    concerning = set(FACTS.values()) - set(get_args(PropertyFact))
    assert concerning - NOTICES.keys() == set(), "say in domain/notices.py who is told of it, or why nobody"
    assert NOTICES.keys() <= set(FACTS.values())


def test_who_is_silent_says_why() -> None:
    reasons = [notice.because for notice in NOTICES.values() if isinstance(notice, Silent)]
    assert reasons
    assert all(len(reason.split()) >= 3 for reason in reasons)


def test_every_template_and_category_is_of_some_notice() -> None:
    assert CATEGORY_OF.keys() == set(get_args(Template))
    assert set(CATEGORY_OF.values()) == set(get_args(Category))
    assert all(notice.recipients for notice in TOLD.values())
    assert len(set(chain.from_iterable(notice.recipients for notice in TOLD.values()))) == 3


def test_a_template_is_of_one_category_whichever_fact_it_tells() -> None:
    told: dict[Template, set[Notice]] = {}
    for notice in TOLD.values():
        told.setdefault(notice.template, set()).add(notice)
    assert {template: len(notices) for template, notices in told.items() if len(notices) > 1} == {}


@pytest.mark.parametrize("template", get_args(Template))
def test_what_somebody_switched_off_is_not_mailed_unless_they_must_know(template: Template) -> None:
    off = dict.fromkeys(get_args(Category), Channels(email=False, in_app=False))
    must_know = CATEGORY_OF[template] not in OPTIONAL
    assert wants_mail(off, template) is must_know
    assert wants_mail({}, template) is True


def test_what_others_decide_about_a_stay_and_its_money_is_always_told() -> None:
    assert TOLD[BookingHeld].category == "bookings"
    assert set(OPTIONAL) == {"updates", "messages"}
