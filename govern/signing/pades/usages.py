"""Where each object of a PDF is used, in several of its revisions, found by reading every object once.

pyHanko lets a later revision replace an object only if that is allowed wherever the object is used. To know where, it
reads the whole file anew for each signature. Here the same walk follows references alone, with the same shortcuts
(``HistoricalResolver._load_reverse_xref_cache`` of pyHanko 0.38), and what it has read serves all signatures. Where
pyHanko comes to keep its usages elsewhere, it finds them itself again, and slowly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from govern.errors import InputError

Key = tuple[int, int]
Path = tuple[str | int, ...]
Links = tuple[tuple[Path, Key], ...]

#: Below it are the elements of the structure, which no path from elsewhere enters.
_STRUCTURE: Path = ("/Root", "/StructTreeRoot", "/K")


class Usages:
    """The usages in one file, a ``PdfFileReader`` that is not encrypted."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        #: Objects in their last form: the revision that made it, the object, and what it refers to.
        self._last: dict[Key, tuple[int, Any, Links]] = {}

    def tell(self, revision: int) -> None:
        """Tell pyHanko where each object is used in a revision (from 0), before it compares later ones with it.

        Of the last one there is nothing to tell.

        Raises:
            InputError: a page, or an element of the structure, is there twice.
            Exception: an object is damaged; what pyHanko's parser raises.
        """
        if revision + 1 == self._reader.total_revisions:
            return
        resolver = self._reader.get_historical_resolver(revision)
        resolver._indirect_object_access_cache = _Found(_Revision(self._reader, resolver, self._last).paths())


class _Found(Mapping[Any, Any]):
    """The paths to a ``Reference``, as pyHanko has them."""

    def __init__(self, paths: dict[Key, list[Path]]) -> None:
        self._paths = paths

    def __getitem__(self, ref: Any) -> Any:
        from pyhanko.pdf_utils.reader import RawPdfPath

        return {RawPdfPath(*path) for path in self._paths[ref.idnum, ref.generation]}

    def __iter__(self) -> Iterator[Any]:
        from pyhanko.pdf_utils.generic import Reference

        return (Reference(*key) for key in self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class _Revision:
    def __init__(self, reader: Any, resolver: Any, last: dict[Key, tuple[int, Any, Links]]) -> None:
        self._reader, self._resolver, self._last = reader, resolver, last
        #: Objects that a later revision replaces, as they are in this one.
        self._own: dict[Key, tuple[Any, Links]] = {}
        self._paths: dict[Key, list[Path]] = {}
        self._pages: dict[Key, Path] = {}
        self._elements: set[Key] = set()

    def paths(self) -> dict[Key, list[Path]]:
        """Return every path from the trailer to each object."""
        from pyhanko.pdf_utils.generic import IndirectObject

        root = self._resolver.root
        pages = root.raw_get("/Pages")
        if isinstance(pages, IndirectObject):
            self._pages[pages.idnum, pages.generation] = ("/Root", "/Pages")
        self._find_pages(pages.get_object(), ("/Root", "/Pages"))
        if "/StructTreeRoot" in root:
            self._find_elements(self._value(root.raw_get("/StructTreeRoot")))
        self._follow(_links(self._resolver.trailer_view), (), set())
        return self._paths

    def _follow(self, links: Links, path: Path, above: set[Key]) -> None:
        within = path[:3] == _STRUCTURE
        for steps, key in links:
            here = path + steps
            structural = within or here[:3] == _STRUCTURE
            if key in above or (structural and "/P" in here[3:]):
                continue
            self._paths.setdefault(key, []).append(here)
            _, further = self._object(key)
            if self._pages.get(key, here) != here or (key in self._elements and not structural):
                continue
            above.add(key)
            self._follow(further, here, above)
            above.remove(key)

    def _find_pages(self, node: Any, path: Path) -> None:
        from pyhanko.pdf_utils.generic import IndirectObject

        for place, kid in enumerate(node["/Kids"]):
            here = (*path, "/Kids", place)
            if isinstance(kid, IndirectObject):
                key = kid.idnum, kid.generation
                if key in self._pages:
                    raise InputError(f"the page tree holds object {key[0]} twice")
                self._pages[key] = here
            page = kid.get_object()
            if page.get("/Type", None) == "/Pages":
                self._find_pages(page, here)

    def _find_elements(self, element: Any) -> None:
        from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, NullObject

        kids = self._value(dict.get(element, "/K"))
        for kid in kids if isinstance(kids, ArrayObject) else (kids,):
            child = self._value(kid)
            if not isinstance(child, DictionaryObject):
                continue
            kind = self._value(dict.get(child, "/Type", "/StructElem"))
            if kind != "/StructElem" and not isinstance(kind, NullObject):
                continue
            if isinstance(kid, IndirectObject):
                key = kid.idnum, kid.generation
                if key in self._elements:
                    raise InputError(f"the structure tree holds object {key[0]} twice")
                self._elements.add(key)
            self._find_elements(child)

    def _value(self, value: Any) -> Any:
        from pyhanko.pdf_utils.generic import IndirectObject

        if not isinstance(value, IndirectObject):
            return value
        return self._value(self._object((value.idnum, value.generation))[0])

    def _object(self, key: Key) -> tuple[Any, Links]:
        """Return an object as it is in this revision, and what it refers to."""
        if (own := self._own.get(key)) is not None:
            return own
        if (last := self._last.get(key)) is not None and last[0] <= self._resolver.revision:
            return last[1:]
        from pyhanko.pdf_utils.generic import Reference

        ref = Reference(*key, pdf=self._reader)
        try:
            since = self._reader.xrefs.get_last_change(ref)
        except KeyError:  # in no revision at all
            since = self._reader.total_revisions
        if since <= self._resolver.revision:
            value = self._reader.get_object(ref)
            self._last[key] = since, value, _links(value)
            return self._last[key][1:]
        value = self._reader.get_object(ref, self._resolver.revision)
        self._own[key] = value, _links(value)
        return self._own[key]


def _links(value: Any) -> Links:
    """Return the references within an object, each with the steps to it; the way back to a parent is none."""
    from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject

    found: list[tuple[Path, Key]] = []

    def into(what: Any, steps: Path) -> None:
        for step, part in what.items() if isinstance(what, dict) else enumerate(what):
            if isinstance(part, IndirectObject):
                if step != "/Parent":
                    found.append(((*steps, step), (part.idnum, part.generation)))
            elif isinstance(part, DictionaryObject | ArrayObject) and step != "/Parent":
                into(part, (*steps, step))

    if isinstance(value, DictionaryObject | ArrayObject):
        into(value, ())
    return tuple(found)
