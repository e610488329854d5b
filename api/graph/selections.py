"""What of a field's value is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField, Selection

from api.graph.context import Info


def selects(info: Info, *names: str) -> bool:
    """Whether any of these fields of the value is asked for, in fragments too."""
    return any(
        selected.name in names
        for field in info.selected_fields
        if isinstance(field, SelectedField)
        for selected in _fields(field.selections)
    )


def _fields(selections: Sequence[Selection]) -> Iterator[SelectedField]:
    for selection in selections:
        match selection:
            case FragmentSpread() | InlineFragment():
                yield from _fields(selection.selections)
            case SelectedField():
                yield selection
