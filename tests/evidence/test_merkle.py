from __future__ import annotations

import random

import pytest

from govern.evidence import merkle

#: The eight leaves and the roots of their prefixes in the Certificate Transparency reference
#: implementation (google/certificate-transparency, merkletree tests; the same in transparency-dev/merkle).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: (leaf from 1, tree size) -> audit path, from the same tests.
PATHS = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (3, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
#: (old size, size) -> consistency proof, from the same tests.
CONSISTENT = {
    (1, 1): [],
    (1, 8): PATHS[1, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def of(hashes: list[bytes]) -> merkle.Subtree:
    return lambda start, end: merkle.root(hashes[start:end])


def test_the_empty_tree() -> None:
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("leaf", "size"), PATHS)
def test_published_audit_paths(leaf: int, size: int) -> None:
    path = [bytes.fromhex(p) for p in PATHS[leaf, size]]
    assert merkle.inclusion_proof(leaf - 1, size, of(HASHES)) == path
    assert merkle.verify_inclusion(leaf - 1, size, HASHES[leaf - 1], path, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "size"), CONSISTENT)
def test_published_consistency_proofs(old: int, size: int) -> None:
    proof = [bytes.fromhex(p) for p in CONSISTENT[old, size]]
    assert merkle.consistency_proof(old, size, of(HASHES)) == proof
    roots = bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[size - 1])
    assert merkle.verify_consistency(old, size, *roots, proof)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 21])
def test_every_proof_verifies_and_every_change_to_it_fails(size: int) -> None:
    rng = random.Random(size)  # noqa: S311
    hashes = [merkle.leaf_hash(bytes([i])) for i in range(size)]
    root = merkle.root(hashes)
    for index, leaf in enumerate(hashes):
        proof = merkle.inclusion_proof(index, size, of(hashes))
        assert merkle.verify_inclusion(index, size, leaf, proof, root)
        for other in range(size):
            assert (other == index) == merkle.verify_inclusion(other, size, leaf, proof, root)
        assert not merkle.verify_inclusion(index, size, leaf, [*proof, root], root)
        assert not merkle.verify_inclusion(index, size, rng.randbytes(32), proof, root)
        for place in range(len(proof)):
            assert not merkle.verify_inclusion(index, size, leaf, proof[:place] + proof[place + 1 :], root)
    for old in range(1, size + 1):
        proof = merkle.consistency_proof(old, size, of(hashes))
        before = merkle.root(hashes[:old])
        assert merkle.verify_consistency(old, size, before, root, proof)
        assert not merkle.verify_consistency(old, size, rng.randbytes(32), root, proof)
        assert not merkle.verify_consistency(old, size, before, rng.randbytes(32), proof)
        assert not merkle.verify_consistency(old, size, before, root, [*proof, before])
        if proof:
            assert not merkle.verify_consistency(old, size, before, root, proof[1:])


def test_peaks_give_the_root_and_the_path_of_the_newest_leaf() -> None:
    peaks: tuple[bytes, ...] = ()
    hashes = [merkle.leaf_hash(bytes([i])) for i in range(33)]
    for size, leaf in enumerate(hashes):
        assert list(reversed(peaks)) == merkle.inclusion_proof(size, size + 1, of(hashes))
        peaks = merkle.add(peaks, size, leaf)
        assert merkle.peaks_root(peaks) == merkle.root(hashes[: size + 1])


def test_asking_for_what_is_not_there() -> None:
    for call in (
        lambda: merkle.inclusion_proof(8, 8, of(HASHES)),
        lambda: merkle.consistency_proof(0, 8, of(HASHES)),
        lambda: merkle.consistency_proof(9, 8, of(HASHES)),
    ):
        with pytest.raises(IndexError):
            call()
    assert not merkle.verify_inclusion(8, 8, HASHES[0], [], merkle.root(HASHES))
    assert not merkle.verify_consistency(0, 8, HASHES[0], merkle.root(HASHES), [])


@pytest.mark.parametrize("size", [1, 2, 3, 6, 8, 13, 64, 100])
def test_stored_peaks_give_every_proof_with_few_look_ups(size: int) -> None:
    hashes = [merkle.leaf_hash(bytes([i])) for i in range(size)]
    stored: list[tuple[bytes, ...]] = [()]
    for index, leaf in enumerate(hashes):
        stored.append(merkle.add(stored[-1], index, leaf))
    asked: list[int] = []

    def peaks_at(end: int) -> tuple[bytes, ...]:
        asked.append(end)
        return stored[end]

    def leaf_at(index: int) -> bytes:
        asked.append(index)
        return hashes[index]

    subtree = merkle.stored_subtree(peaks_at, leaf_at)
    for index in range(size):
        asked.clear()
        assert merkle.inclusion_proof(index, size, subtree) == merkle.inclusion_proof(index, size, of(hashes))
        assert len(asked) <= size.bit_length() ** 2
    for old in range(1, size + 1):
        asked.clear()
        assert merkle.consistency_proof(old, size, subtree) == merkle.consistency_proof(old, size, of(hashes))
        assert len(asked) <= size.bit_length() ** 2
