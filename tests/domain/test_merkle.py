"""The hash tree: the vectors that Certificate Transparency's implementations share, and the RFC's own definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import (
    EMPTY_ROOT,
    Fetch,
    GrowingTree,
    Node,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.support.effort import effort

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B1 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C1 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
E4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
D3 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
C2 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"


def kept(leaves: Sequence[bytes]) -> tuple[GrowingTree, Fetch]:
    tree = GrowingTree()
    hashes: dict[Node, bytes] = {}
    for leaf in leaves:
        hashes.update(tree.add(leaf_hash(leaf)))

    def fetch(nodes: Sequence[Node]) -> Mapping[Node, bytes]:
        return {node: hashes[node] for node in nodes}

    return tree, fetch


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(first: int, leaves: Sequence[bytes], complete: bool) -> list[bytes]:
    """SUBPROOF of 2.1.2."""
    if first == len(leaves):
        return [] if complete else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if first <= k:
        return [*naive_subproof(first, leaves[:k], complete), naive_root(leaves[k:])]
    return [*naive_subproof(first - k, leaves[k:], False), naive_root(leaves[:k])]


def hexed(proof: Sequence[bytes]) -> list[str]:
    return [each.hex() for each in proof]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_that_every_implementation_knows(size: int) -> None:
    tree, fetch = kept(LEAVES[:size])

    assert tree.root.hex() == root_of(size, fetch).hex() == naive_root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [(0, 1, []), (0, 8, [A1, B1, C1]), (5, 8, [E4, D3, ROOTS[4]]), (2, 3, [ROOTS[2]])],
)
def test_the_inclusion_proofs_are_those_that_every_implementation_knows(index: int, size: int, path: list[str]) -> None:
    assert hexed(inclusion_proof(index, size, kept(LEAVES)[1])) == path


@pytest.mark.parametrize(
    ("first", "second", "proof"),
    [(1, 1, []), (1, 8, [A1, B1, C1]), (6, 8, [C2, D3, ROOTS[4]]), (2, 5, [B1, E4])],
)
def test_the_consistency_proofs_are_those_that_every_implementation_knows(
    first: int, second: int, proof: list[str]
) -> None:
    assert hexed(consistency_proof(first, second, kept(LEAVES)[1])) == proof


@given(leaves=st.lists(st.binary(max_size=3), min_size=1, max_size=70), data=st.data())
@effort()
def test_proofs_are_the_rfcs_and_are_believed(leaves: list[bytes], data: st.DataObject) -> None:
    tree, fetch = kept(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    first, index = data.draw(st.integers(0, size)), data.draw(st.integers(0, size - 1))

    inclusion, consistency = inclusion_proof(index, size, fetch), consistency_proof(first, size, fetch)

    assert tree.root == naive_root(leaves)
    assert inclusion == naive_path(index, leaves[:size])
    assert consistency == (naive_subproof(first, leaves[:size], True) if first else [])
    root, first_root = naive_root(leaves[:size]), naive_root(leaves[:first])
    assert verify_inclusion(leaf_hash(leaves[index]), index, size, inclusion, root)
    assert verify_consistency(first, first_root, size, root, consistency)


@given(size=st.integers(2, 40), data=st.data())
@effort()
def test_no_other_proof_is_believed(size: int, data: st.DataObject) -> None:
    leaves = [bytes([number]) for number in range(size)]
    _, fetch = kept(leaves)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    root, first_root = root_of(size, fetch), root_of(first, fetch)
    inclusion, consistency = inclusion_proof(index, size, fetch), consistency_proof(first, size, fetch)
    leaf = leaf_hash(leaves[index])
    strange = sha256(b"strange").digest()

    def altered(proof: list[bytes]) -> list[list[bytes]]:
        at = data.draw(st.integers(0, len(proof) - 1))
        return [proof[:-1], [*proof, strange], [*proof[:at], strange, *proof[at + 1 :]]]

    assert not any(verify_inclusion(leaf, index, size, wrong, root) for wrong in altered(inclusion))
    assert not verify_inclusion(strange, index, size, inclusion, root)
    assert not verify_inclusion(leaf, index, size, inclusion, strange)
    assert not verify_inclusion(leaf, size, size, inclusion, root)
    assert not any(verify_consistency(first, first_root, size, root, wrong) for wrong in altered(consistency))
    assert not verify_consistency(first, strange, size, root, consistency)
    assert not verify_consistency(first, first_root, size, strange, consistency)


def test_a_tree_is_grown_on_from_what_was_kept_of_it() -> None:
    _, fetch = kept(LEAVES[:5])

    tree = GrowingTree.resumed(5, fetch)
    for leaf in LEAVES[5:]:
        tree.add(leaf_hash(leaf))

    assert tree.root.hex() == ROOTS[8]


def test_an_empty_tree_is_before_every_other() -> None:
    _, fetch = kept(LEAVES)

    assert consistency_proof(0, 8, fetch) == []
    assert verify_consistency(0, EMPTY_ROOT, 8, root_of(8, fetch), [])
    assert not verify_consistency(0, root_of(1, fetch), 8, root_of(8, fetch), [])


def test_there_is_no_proof_of_what_is_not_in_the_tree() -> None:
    _, fetch = kept(LEAVES)

    with pytest.raises(ValueError, match="no leaf 8"):
        inclusion_proof(8, 8, fetch)
    with pytest.raises(ValueError, match="never had 9"):
        consistency_proof(9, 8, fetch)
