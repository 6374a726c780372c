"""Checks of the bias family."""
