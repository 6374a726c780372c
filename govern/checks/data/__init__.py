"""Checks of the data family."""
