"""What changed between two documents, as JSON Patch would say it too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.documents import ABSENT, Change, Document, changed, changes
from tests.support.effort import effort

values = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "a/b", "~", "~1"])
documents = st.recursive(
    values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a/b", "~"]), inner),
    max_leaves=12,
)


@effort()
@given(documents, documents)
def test_the_changes_make_the_one_of_the_other_and_back(before: Document, after: Document) -> None:
    made = changes(before, after)
    assert repr_of(changed(before, made)) == repr_of(after)
    undone = [Change(change.path, change.after, change.before) for change in made]
    assert repr_of(changed(after, undone)) == repr_of(before)


@effort()
@given(documents)
def test_nothing_changes_what_is_the_same(document: Document) -> None:
    assert changes(document, document) == ()


def test_only_what_differs_is_named_by_its_place() -> None:
    before: Document = {"is": "Held", "made": {"guests": 2, "lines": [{"minor": 1}, {"minor": 2}]}, "until": "noon"}
    after: Document = {"is": "Confirmed", "made": {"guests": 2, "lines": [{"minor": 1}, {"minor": 3}]}, "paid/by": []}
    assert changes(before, after) == (
        Change("/is", "Held", "Confirmed"),
        Change("/made/lines/1/minor", 2, 3),
        Change("/until", "noon", ABSENT),
        Change("/paid~1by", ABSENT, []),
    )


def test_one_and_true_are_not_the_same() -> None:
    assert changes({"a": 1}, {"a": True}) == (Change("/a", 1, True),)


def test_a_list_that_grows_is_one_change() -> None:
    assert changes([1, 2], [1, 2, 3]) == (Change("", [1, 2], [1, 2, 3]),)


def repr_of(document: Document) -> str:
    """Told apart as JSON does: 1 is not true, and the order of an object's names is nothing."""
    match document:
        case dict():
            return f"{{{sorted((name, repr_of(value)) for name, value in document.items())}}}"
        case list():
            return f"[{[repr_of(value) for value in document]}]"
        case _:
            return repr(document)
