"""Checks of the performance family."""
