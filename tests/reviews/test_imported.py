"""Reviews of another marketplace over HTTP: marked, read by everybody, removed and forgotten like others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from application.imported_listings import property_id_of, user_id_of
from application.imported_reviews import review_id_of
from infrastructure.workers.erasures import forget_people
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.imports.city import NewYorkTime, listing, review, run, write


def test_an_imported_review_is_marked_and_removed_and_its_author_forgotten(shared: Stack, tmp_path: Path) -> None:
    scores = {"number_of_reviews": "2", "review_scores_rating": "4.5", "review_scores_value": "4.25"}
    said = [review("900", "1", comments="Quiet."), review("901", "1", date="2024-08-01", reviewer_id="502")]
    folder = write(tmp_path / "larkville", date(2025, 1, 10), [listing("1", **scores)], {}, said)
    run(shared.wired, replace(shared.wired.lodger, zones=NewYorkTime()), folder)
    shared.run_workers()
    address, anybody = f"/v1/properties/{property_id_of('1')}/reviews", shared.anybody()

    found = json_of(anybody.get(address))

    of_grace: dict[str, object] = {
        "id": str(review_id_of("900")),
        "property": str(property_id_of("1")),
        "written_by": "guest",
        "author": str(user_id_of("501")),
        "about": str(user_id_of("11")),
        "rating": None,
        "ratings": {},
        "comment": "Quiet.",
        "created_at": "2024-07-01T00:00:00Z",
        "imported_from": "inside-airbnb",
        "revealed": True,
        "reply": None,
    }
    assert found["reviews"][1] == of_grace == json_of(anybody.get(f"/v1/reviews/{of_grace['id']}"))
    overall = {"count": 2, "average": "4.50"}
    assert (found["rated"]["overall"], found["rated"]["value"]) == (overall, {"count": 2, "average": "4.25"})
    assert found["rated"]["imported"] == {"origin": "inside-airbnb", "as_of": "2025-01-10", "overall": overall}

    operator = Client(shared, OPERATOR_TOKEN)
    assert operator.post(f"/v1/operator/reviews/{review_id_of('901')}/remove", {"reason": "spam"}).status_code == 204
    author = f"/v1/operator/users/{of_grace['author']}/erasure"
    shared.run_workers()
    assert operator.post(author, {"reason": "asked for by letter"}).status_code == 202
    shared.run_workers()
    forget_people(shared.wired.lodger)
    shared.run_workers()

    assert json_of(anybody.get(address))["reviews"] == [{**of_grace, "comment": ""}]
    assert json_of(anybody.get(f"/v1/reviews/{of_grace['id']}"))["comment"] == ""
