"""Checks of the robustness family: what the model answers when its inputs are a little, or very, wrong."""
