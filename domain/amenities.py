"""Amenities: a fixed vocabulary, with an escape (`other:…`) for what it does not know yet."""

from __future__ import annotations

from typing import Final

VOCABULARY: Final = frozenset(
    "air_conditioning backyard balcony bathtub bbq_grill beach_access bed_linens bidet breakfast carbon_monoxide_alarm "
    "ceiling_fan cleaning_products clothing_storage coffee_maker cooking_basics crib dedicated_workspace "
    "dishes_and_silverware dishwasher dryer elevator essentials ev_charger extra_pillows_and_blankets "
    "fire_extinguisher fire_pit first_aid_kit free_parking free_street_parking freezer garden gym hair_dryer hangers "
    "heating high_chair hot_tub hot_water indoor_fireplace iron keypad kitchen laundromat_nearby lockbox "
    "long_term_stays_allowed luggage_dropoff_allowed microwave outdoor_dining_area outdoor_furniture oven paid_parking "
    "patio_or_balcony pets_allowed pool private_entrance refrigerator sauna security_cameras self_check_in shampoo "
    "shower_gel single_level_home smart_lock smoke_alarm smoking_allowed step_free_access stove toaster tv washer "
    "waterfront wifi".split()
)


def normalise(text: str) -> str:
    """The vocabulary's word for an amenity ("Air conditioning" → "air_conditioning"), else "other:" and the text."""
    if text.startswith("other:") and len(text) > len("other:"):
        return text
    plain = " ".join(text.split())
    word = plain.lower().replace(" ", "_").replace("-", "_")
    return word if word in VOCABULARY else f"other:{plain}"
