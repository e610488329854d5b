"""Amenities: known words in any spelling, and the escape for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.amenities import VOCABULARY, normalise


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Air conditioning", "air_conditioning"),
        ("  Self   check-in ", "self_check_in"),
        ("wifi", "wifi"),
        ("Telescope", "other:Telescope"),
        ("other:Telescope", "other:Telescope"),
        ("Sound system  with  Bluetooth", "other:Sound system with Bluetooth"),
    ],
)
def test_a_known_amenity_gets_its_word_and_another_is_kept_as_other(text: str, word: str) -> None:
    assert normalise(text) == word


@given(st.text(min_size=1) | st.sampled_from(sorted(VOCABULARY)))
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or once == "other:"
