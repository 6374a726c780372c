"""Checks of the explainability family."""
