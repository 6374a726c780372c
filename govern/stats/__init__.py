"""Intervals, resampling and calibration mathematics: numpy and scipy only, no policy and no input or output."""
