"""Where the books are: what a database's URL may say, and how it is shown to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

# Of libpq's parameters those that an operator decides; the others are ours, or not for one server.
# https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_SETTINGS = frozenset(
    {
        "channel_binding",
        "gssencmode",
        "host",
        "passfile",
        "require_auth",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslrootcert",
    }
)
_KINDS = "a SQLite file (sqlite:////data/panelbridge.db) or a PostgreSQL database (postgresql://...)"


def checked(text: str) -> str:
    """``text`` when it can name our books. Raises ``ValueError``, which never repeats it: passwords."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("this is no URL of a database") from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return text
    if kind != "postgresql":
        raise ValueError(f"the database is {_KINDS}")
    if not url.database or not url.username:
        raise ValueError("a PostgreSQL URL names a role and a database: postgresql://ROLE@HOST/DATABASE")
    unknown = sorted(set(url.query) - _SETTINGS)
    if unknown:
        raise ValueError(f"not for the URL: {', '.join(unknown)}; it takes {', '.join(sorted(_SETTINGS))}")
    if any(not isinstance(value, str) or "," in value for value in (url.host or "", *url.query.values())):
        raise ValueError("the books are on one server: name one host, and each setting once")
    return text


def is_server(text: str) -> bool:
    """Whether the books are on a PostgreSQL server."""
    return make_url(text).get_backend_name() == "postgresql"


def shown(url: URL) -> str:
    """For people: no password, and none of the settings."""
    host = url.host or url.query.get("host") or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"{url.database} on {host}{port} (role {url.username})"


def driver_arguments(url: URL) -> Mapping[str, Any]:
    """The same for psycopg, which is asked directly where SQLAlchemy would be slow to load."""
    names = {"username": "user", "database": "dbname"}
    found = {names.get(name, name): value for name, value in url.translate_connect_args().items()}
    return {**found, **url.query}
