"""What people declare about a system: which facts there are, what each may hold, and what a project says of them.

A fact is declared, never measured: nothing here answers a question that a number could answer.
"""

from govern.declared.catalogue import CORE, Catalogue, Fact, Group, load
from govern.declared.reading import Declaration, Declared, read

__all__ = ["CORE", "Catalogue", "Declaration", "Declared", "Fact", "Group", "load", "read"]
