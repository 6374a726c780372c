"""Make both dossiers from the evidence that ``decision.json`` names. Usage: python dossier.py."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def main() -> None:
    """Call ``govern dossier`` once for each template."""
    decision = json.loads(Path("decision.json").read_text(encoding="utf-8"))
    for template in ("fda", "eu-ai-act"):
        output = f"dossier-{template}.pdf"
        command = ["govern", "dossier", decision["evidence"]["sha256"], "--template", template, "--output", output]
        subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
