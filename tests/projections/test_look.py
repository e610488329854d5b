"""A look at a read model: one time for all that is asked in it."""

from __future__ import annotations

from time import monotonic

import pytest

from domain.rejections import Rejected
from projections.look import Look
from projections.projection import Cursor
from projections.search_sql import Sql


def test_what_is_asked_in_a_look_takes_no_longer_together_than_it_may(cursor: Cursor) -> None:
    """Each by itself would be in time."""
    look = Look(cursor, monotonic() + 0.4)
    look.rows(Sql("SELECT pg_sleep(0.25)"))
    with pytest.raises(Rejected) as refused:
        look.rows(Sql("SELECT pg_sleep(0.25)"))
    assert refused.value.code == "search_timed_out"
