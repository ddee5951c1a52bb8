"""What the service's commands need. They load it when they run, so it is looked for at the start, without
importing it: what is missing is missed then, and not in the middle of something.
"""

from __future__ import annotations

from importlib.util import find_spec

_PACKAGES = (
    "alembic",
    "cryptography",
    "dbos",
    "flask",
    "phpserialize",
    "prometheus_client",
    "pydantic_settings",
    "rich",
    "sqlalchemy",
    "structlog",
    "waitress",
)


def require_packages() -> None:
    """Raises ``ModuleNotFoundError`` naming the first that is not installed."""
    for name in _PACKAGES:
        if find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
