"""What the demonstration city is told with: its quarters, its people's names, and what hosts write of their places.

Mirembe Bay is invented. Its coordinates are real ones on the north shore of Lake Victoria, so that maps and time
zones work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.properties import PropertyType, RoomType

CITY: Final = "Mirembe Bay"
COUNTRY: Final = "UG"
ZONE: Final = "Africa/Kampala"
CURRENCY: Final = "UGX"


@dataclass(frozen=True, slots=True)
class Quarter:
    """A part of the city. `level` is what a night costs here, as a percentage of the usual."""

    name: str
    latitude: float
    longitude: float
    level: int
    near: tuple[str, ...]
    streets: tuple[str, ...]


QUARTERS: Final = (
    Quarter(
        "Old Harbour",
        0.4262,
        33.2104,
        120,
        ("by the old harbour", "above the fish market", "a minute from the ferry"),
        ("Jetty Road", "Rope Walk", "Tilapia Street", "Customs Lane"),
    ),
    Quarter(
        "Ferry Hill",
        0.4338,
        33.2051,
        135,
        ("on Ferry Hill", "with the whole bay below", "next to the signal mast"),
        ("Signal Road", "Hornbill Close", "Upper Steps", "Kite Street"),
    ),
    Quarter(
        "Papyrus Shore",
        0.4301,
        33.1936,
        150,
        ("on the papyrus shore", "with its own landing", "where the herons fish"),
        ("Papyrus Walk", "Kingfisher Way", "Heron Lane"),
    ),
    Quarter(
        "Market Row",
        0.4395,
        33.2112,
        85,
        ("behind the market", "over a tailor's shop", "between the market and the station"),
        ("Market Row", "Drum Lane", "Basket Street", "Copper Street"),
    ),
    Quarter(
        "Station Side",
        0.4451,
        33.2038,
        75,
        ("near the railway station", "by the old engine shed", "on the quiet side of the tracks"),
        ("Station Road", "Lantern Street", "Sleeper Row"),
    ),
    Quarter(
        "Fig Tree Quarter",
        0.4418,
        33.1957,
        100,
        ("under the big fig tree", "around the corner from the music school", "in the Fig Tree Quarter"),
        ("Fig Lane", "Weaver Street", "Mango Avenue", "Chapel Path"),
    ),
    Quarter(
        "Upper Gardens",
        0.4507,
        33.1983,
        110,
        ("in the Upper Gardens", "beside the nursery gardens", "with birds for an alarm clock"),
        ("Garden Road", "Jacaranda Crescent", "Nursery Lane"),
    ),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of listing. `share` is how many of a hundred are such; `price` is in thousands of shillings a night."""

    noun: str
    property_type: PropertyType
    room_type: RoomType
    share: int
    bedrooms: tuple[int, int]
    guests_per_bedroom: int
    price: int


KINDS: Final = (
    Kind("flat", "apartment", "entire_place", 26, (1, 3), 2, 190),
    Kind("studio", "apartment", "entire_place", 12, (1, 1), 2, 140),
    Kind("family house", "house", "entire_place", 12, (3, 5), 2, 340),
    Kind("cottage", "house", "entire_place", 9, (1, 2), 2, 230),
    Kind("cabin", "cabin", "entire_place", 5, (1, 2), 3, 210),
    Kind("houseboat", "boat", "entire_place", 3, (1, 2), 2, 310),
    Kind("room in a family home", "house", "private_room", 14, (1, 1), 2, 75),
    Kind("guesthouse room", "guesthouse", "private_room", 9, (1, 1), 2, 95),
    Kind("bunk in a shared room", "guesthouse", "shared_room", 5, (1, 1), 1, 35),
    Kind("hotel room", "hotel", "hotel_room", 5, (1, 1), 2, 180),
)

ADJECTIVES: Final = (
    "Airy",
    "Bright",
    "Calm",
    "Cosy",
    "Freshly painted",
    "Leafy",
    "Neat",
    "Quiet",
    "Roomy",
    "Simple",
    "Sunny",
    "Tall-windowed",
)

INSIDE: Final = (
    "The beds are firm, the water is hot, and there is a shelf of books that earlier guests left.",
    "You have the whole morning sun at breakfast and shade from noon on.",
    "Everything was repaired last year: roof, wiring, and the stubborn front door.",
    "There is a long table for work or supper, and a good lamp above it.",
    "The floors are cool stone, the curtains are thick, and nights are dark.",
    "A small veranda looks west; bring something to drink at six.",
)
OUTSIDE: Final = (
    "Bread is sold from a bicycle at seven, and the bell is hard to miss.",
    "Boats to the islands leave ten minutes away on foot.",
    "The street is paved and lit, and a night watchman keeps an eye on it.",
    "Two good kitchens nearby grill fish until late.",
    "It is uphill from the lake, which means a breeze and strong legs.",
    "On Saturdays a choir practises next door, and they are good.",
)
PRACTICAL: Final = (
    "I live close by and answer within the hour.",
    "Keys are in a box by the gate; I send the code on the day.",
    "Tell me when you arrive and I light the boiler.",
    "Please take your shoes off and treat the cat with respect.",
    "Bring your own kayak or borrow one of ours.",
    "Power fails now and then; there is an inverter for lamps and telephones.",
)

EVERYWHERE: Final = ("wifi", "essentials", "hot_water", "bed_linens")
AMENITIES: Final = (
    "air_conditioning",
    "balcony",
    "bbq_grill",
    "ceiling_fan",
    "coffee_maker",
    "cooking_basics",
    "dedicated_workspace",
    "fire_extinguisher",
    "free_parking",
    "garden",
    "hair_dryer",
    "iron",
    "kitchen",
    "microwave",
    "outdoor_furniture",
    "refrigerator",
    "self_check_in",
    "shampoo",
    "smoke_alarm",
    "tv",
    "washer",
    "other:mosquito nets",
    "other:power inverter",
)
ON_THE_LAKE: Final = ("waterfront", "beach_access")

FIRST_NAMES: Final = (
    "Achen",
    "Adroa",
    "Amina",
    "Amos",
    "Apio",
    "Babirye",
    "Clara",
    "Dembe",
    "Elias",
    "Esther",
    "Farida",
    "Hana",
    "Ibrahim",
    "Jonas",
    "Joseph",
    "Kato",
    "Kirabo",
    "Lena",
    "Maria",
    "Moses",
    "Mukisa",
    "Nadia",
    "Namono",
    "Okot",
    "Paul",
    "Rehema",
    "Ruth",
    "Sanyu",
    "Tomas",
    "Wasswa",
)
LAST_NAMES: Final = (
    "Acheng",
    "Andersen",
    "Atwine",
    "Bakker",
    "Byaruhanga",
    "Karlsson",
    "Kasozi",
    "Kintu",
    "Lubega",
    "Mbabazi",
    "Mugisha",
    "Nakato",
    "Novak",
    "Ochieng",
    "Odongo",
    "Okello",
    "Rossi",
    "Ssali",
    "Tumusiime",
    "Wekesa",
)
