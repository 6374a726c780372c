"""What happens to evidence after the gate: people approve or reject it, waive findings, and it expires."""
