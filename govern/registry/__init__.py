"""The MLflow registry behind the gate: what it refuses, what it admits, and how a version carries its proof."""
