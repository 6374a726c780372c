"""Merkle trees as in RFC 6962, section 2.1; verification as in RFC 9162, sections 2.1.3 and 2.1.4.

Pure functions of bytes. A *leaf* here is a leaf hash: 32 bytes, made by :func:`leaf_hash`.

A tree is also known by its *peaks*: the roots of the complete subtrees that its size decomposes
into, largest first. Peaks are all that is needed to add a leaf and to know the new root, so an
append costs O(log n) and rests on nothing but what the last checkpoint signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

#: Gives the Merkle tree hash of the leaves from a start to (not including) an end.
Subtree = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one entry: SHA-256 of 0x00 and the entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash of all leaves; SHA-256 of nothing for an empty tree."""
    peaks: tuple[bytes, ...] = ()
    for size, leaf in enumerate(leaves):
        peaks = add(peaks, size, leaf)
    return peaks_root(peaks)


def add(peaks: Sequence[bytes], size: int, leaf: bytes) -> tuple[bytes, ...]:
    """Return the peaks of a tree of ``size`` leaves after one more leaf."""
    stack = [*peaks, leaf]
    while size & 1:  # each trailing 1 bit of the size is a complete subtree to merge with
        right, left = stack.pop(), stack.pop()
        stack.append(_node(left, right))
        size >>= 1
    return tuple(stack)


def peaks_root(peaks: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash of the tree with these peaks."""
    if not peaks:
        return hashlib.sha256(b"").digest()
    value = peaks[-1]
    for peak in reversed(peaks[:-1]):
        value = _node(peak, value)
    return value


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the audit path of leaf ``index`` (from 0) in the tree of ``size`` leaves.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Return whether ``proof`` shows that ``leaf`` is number ``index`` in the tree of ``size`` leaves and that root."""
    if not 0 <= index < size:
        return False
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = _node(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = _node(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == expected_root


def consistency_proof(old_size: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the proof that the tree of the first ``old_size`` leaves is a prefix of the tree of ``size``.

    Raises:
        IndexError: ``old_size`` is not between 1 and ``size``.
    """
    if not 0 < old_size <= size:
        raise IndexError(f"a prefix of {old_size} of {size}")
    path = []
    start, end = 0, size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(start, middle))
            start = middle
    if start:  # else the old root itself, which the verifier has
        path.append(subtree(start, end))
    return path[::-1]


def verify_consistency(old_size: int, size: int, old_root: bytes, expected_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether ``proof`` shows that the tree of ``old_size`` leaves and ``old_root`` is a prefix."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == expected_root
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_value = value = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_value, value = _node(sibling, old_value), _node(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = _node(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_value == old_root and value == expected_root


def stored_subtree(peaks_at: Callable[[int], Sequence[bytes]], leaf_at: Callable[[int], bytes]) -> Subtree:
    """Return the :data:`Subtree` of a tree of which the peaks at every size are stored; O(log^2 n) look-ups a proof.

    A complete subtree that is a left child is the last peak of the tree that ends with it; a right child is the
    hash of its two halves, of which the left one is such a peak.
    """

    def subtree(start: int, end: int) -> bytes:
        length = end - start
        if length == 1:
            return leaf_at(start)
        if length & (length - 1) == 0 and end & -end == length:
            return peaks_at(end)[-1]
        middle = start + _split(length)
        return _node(subtree(start, middle), subtree(middle, end))

    return subtree


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
