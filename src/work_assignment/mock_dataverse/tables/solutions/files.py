"""Where the product's own solution folder is: in the package when installed, else in the repository."""

from __future__ import annotations

from pathlib import Path


def product_solution() -> Path:
    """Find the solution that defines the product's own tables."""
    package = Path(__file__).resolve().parents[3]  # work_assignment
    candidates = (package / "solution", package.parent.parent / "solution")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        "The product's solution folder was not found at "
        + " or ".join(str(folder) for folder in candidates)
    )
