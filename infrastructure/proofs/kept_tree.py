"""The hash tree as it is kept, held against itself: every proof that is handed out is made of these hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.log_audit import Audit
from domain.merkle import GrowingTree, Node
from projections import log_tree
from projections.log_tree import Leaf
from projections.projection import Cursor


@dataclass(slots=True)
class KeptTree:
    """Told the kept leaves in order, tells of subtrees that do not follow from them.

    Once a leaf is missing, which is told elsewhere, nothing follows any more.
    """

    tree: GrowingTree = field(default_factory=GrowingTree)
    is_whole: bool = True

    def hold(self, cursor: Cursor, leaves: Iterable[Leaf], audit: Audit) -> None:
        """Compare the subtrees that the next leaves complete, in one query."""
        completed = list(self._completed(leaves))
        kept = log_tree.kept(cursor, [node for node, _, _ in completed])
        for node, expected, position in completed:
            if kept.get(node) != expected:
                audit.tell(position, f"the kept hash over the {2**node.level} events up to here was altered or removed")

    def end(self, cursor: Cursor, audit: Audit) -> None:
        """Every perfect subtree but the leaves is kept, and no others."""
        size = self.tree.size
        if self.is_whole and log_tree.count_subtrees(cursor, size) != size - size.bit_count():
            audit.tell(None, "the kept tree has hashes of other subtrees than there are")

    def _completed(self, leaves: Iterable[Leaf]) -> Iterator[tuple[Node, bytes, int]]:
        for leaf in leaves:
            self.is_whole &= leaf.index == self.tree.size
            if self.is_whole:
                _, *subtrees = self.tree.add(leaf.hash)
                yield from ((node, expected, leaf.position) for node, expected in subtrees)
