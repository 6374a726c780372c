"""The sections of a dossier, and the gap marks in them: the template reports, the first page lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(kw_only=True)
class Section:
    """A section: its number, title and anchor, and what is missing in it, in the words of its gap marks."""

    number: str
    title: str
    anchor: str
    gaps: list[str] = field(default_factory=list)

    @property
    def short(self) -> str:
        """The title without what follows in parentheses."""
        return self.title.partition(" (")[0]


class Outline:
    """Collects while a template prints its sections; what comes after knows all of them.

    A template renders its body first and its first page second, so that the first page lists every
    gap mark of the document, and none can be forgotten.
    """

    def __init__(self) -> None:
        self.sections: list[Section] = []

    def enter(self, number: str, title: str) -> Section:
        """Begin a section."""
        section = Section(number=number, title=title, anchor=f"section-{len(self.sections)}")
        self.sections.append(section)
        return section

    def gap(self, text: str) -> Markup:
        """Note a gap in the current section and return its mark."""
        from markupsafe import Markup

        self._note(text)
        return Markup('<p class="gap"><span class="gap-word">Gap:</span> {}</p>').format(text)

    def inline(self, text: str) -> Markup:
        """Note a gap in the current section and return its mark for a cell of a table."""
        from markupsafe import Markup

        self._note(f"{text[:1].upper()}{text[1:]}.")
        return Markup('<span class="gap-word">Gap:</span> {}').format(text)

    def with_gaps(self) -> list[Section]:
        """Return the sections in which something is missing."""
        return [s for s in self.sections if s.gaps]

    def _note(self, text: str) -> None:
        if self.sections:
            self.sections[-1].gaps.append(text)
