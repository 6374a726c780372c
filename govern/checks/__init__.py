"""Checks: one file, one function, one measurement. See ``docs/writing-a-check.md``."""
