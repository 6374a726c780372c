"""Checks of the calibration family."""
