"""Scores of another marketplace: followed as they change, in hundredths of a star."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain import properties
from domain.rejections import Rejected
from domain.scores import Scores, score
from tests.support.examples import PUBLISHED, SCORES
from tests.support.spec import Spec


def test_what_is_said_first_is_kept() -> None:
    assert score(None, SCORES) == (SCORES,)


def test_the_same_on_a_later_day_is_no_news() -> None:
    assert score(SCORES, replace(SCORES, as_of=date(2025, 3, 2))) == ()


def test_another_average_or_another_number_of_reviews_is_news() -> None:
    for later in (replace(SCORES, scores=Scores(476)), replace(SCORES, reviews=4)):
        assert score(SCORES, later) == (later,)


@pytest.mark.parametrize(
    "wrong",
    [replace(SCORES, reviews=0), replace(SCORES, scores=Scores(99)), replace(SCORES, scores=Scores(475, value=501))],
)
def test_what_no_guest_could_give_is_refused(wrong: object) -> None:
    with pytest.raises(Rejected) as refusal:
        score(None, wrong)  # type: ignore[arg-type]
    assert refusal.value.code == "rating_out_of_range"


def test_a_host_who_edits_meanwhile_is_not_disturbed() -> None:
    spec = Spec(properties.evolve, None)
    before, after = spec.fold(PUBLISHED), spec.fold([*PUBLISHED, SCORES])
    assert before is not None
    assert after == replace(before, scores=SCORES)  # the revision is the same
