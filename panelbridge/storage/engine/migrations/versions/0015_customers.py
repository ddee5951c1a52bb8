# ruff: noqa: S608 - statements made of our own texts
"""Customers, what is personal apart from who they are, what hangs on them, and the timeline."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt, Instant

revision = "0015_customers"
down_revision = "0014_slots"
branch_labels = None
depends_on = None

_PERSONAL = (
    "name email company company_number company_email tax_id vat_number phone address city region postcode"
)
_TO_PURGE = sa.text("removed_at IS NOT NULL AND body IS NOT NULL")
_MERGED = sa.text("merged_into IS NOT NULL")
_LINKED = sa.text("customer_id IS NOT NULL")
_FOLDED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# The logins and devices of all his subscriptions, as they are looked for.
_LOGINS_SQLITE = """(SELECT lower(group_concat(coalesce(s.username, '') || ' ' || coalesce(s.mac, '')
    || ' ' || replace(coalesce(s.mac, ''), ':', ''), char(10)))
  FROM subscriptions s WHERE s.customer_id = customer_profiles.customer_id)"""
_LOGINS_POSTGRES = """(SELECT lower(string_agg(coalesce(s.username, '') || ' ' || coalesce(s.mac, '')
    || ' ' || replace(coalesce(s.mac, ''), ':', ''), chr(10)))
  FROM subscriptions s WHERE s.customer_id = customer_profiles.customer_id)"""

_SQLITE = (
    # The index has no text of its own; what leaves it is named with the text under which it went in.
    (
        "CREATE VIRTUAL TABLE customer_find USING fts5(find_text, logins, content='customer_profiles',"
        " content_rowid='customer_id', tokenize='trigram')"
    ),
    """CREATE TRIGGER customer_find_insert AFTER INSERT ON customer_profiles BEGIN
  INSERT INTO customer_find (rowid, find_text, logins) VALUES (NEW.customer_id, NEW.find_text, NEW.logins);
END""",
    """CREATE TRIGGER customer_find_delete AFTER DELETE ON customer_profiles BEGIN
  INSERT INTO customer_find (customer_find, rowid, find_text, logins)
  VALUES ('delete', OLD.customer_id, OLD.find_text, OLD.logins);
END""",
    """CREATE TRIGGER customer_find_update AFTER UPDATE OF customer_id, find_text, logins
ON customer_profiles BEGIN
  INSERT INTO customer_find (customer_find, rowid, find_text, logins)
  VALUES ('delete', OLD.customer_id, OLD.find_text, OLD.logins);
  INSERT INTO customer_find (rowid, find_text, logins) VALUES (NEW.customer_id, NEW.find_text, NEW.logins);
END""",
    f"""CREATE TRIGGER customer_logins_insert AFTER INSERT ON subscriptions
WHEN NEW.customer_id IS NOT NULL BEGIN
  UPDATE customer_profiles SET logins = {_LOGINS_SQLITE} WHERE customer_id = NEW.customer_id;
END""",
    f"""CREATE TRIGGER customer_logins_update AFTER UPDATE OF username, mac, customer_id ON subscriptions
WHEN coalesce(NEW.customer_id, OLD.customer_id) IS NOT NULL AND (NEW.customer_id IS NOT OLD.customer_id
  OR NEW.username IS NOT OLD.username OR NEW.mac IS NOT OLD.mac) BEGIN
  UPDATE customer_profiles SET logins = {_LOGINS_SQLITE}
  WHERE customer_id IN (OLD.customer_id, NEW.customer_id);
END""",
)

# {here}: our schema, and {trigrams} that of the extension, which need not be one: the schema check makes all
# of this in a schema of temporary tables, where nothing is found without its name. Logins are noted as a
# transaction commits: the profile is the last row it locks, whatever else it holds.
_POSTGRES = (
    (
        "CREATE INDEX ix_customer_profiles_find ON customer_profiles"
        " USING gin (find_text {trigrams}.gin_trgm_ops, logins {trigrams}.gin_trgm_ops)"
    ),
    f"""CREATE FUNCTION {{here}}.customer_logins() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
  his bigint[] := ARRAY[NEW.customer_id];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    his := his || OLD.customer_id;
  END IF;
  -- Locked by a statement of its own: the next one then sees what others committed meanwhile.
  PERFORM 1 FROM customer_profiles WHERE customer_id = ANY (his) ORDER BY customer_id FOR NO KEY UPDATE;
  UPDATE customer_profiles SET logins = {_LOGINS_POSTGRES} WHERE customer_id = ANY (his);
  RETURN NULL;
END
$body$""",
    (
        "CREATE CONSTRAINT TRIGGER customer_logins_insert AFTER INSERT ON subscriptions"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        " WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION {here}.customer_logins()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER customer_logins_update"
        " AFTER UPDATE OF username, mac, customer_id ON subscriptions DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (coalesce(NEW.customer_id, OLD.customer_id) IS NOT NULL"
        " AND (NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.username IS DISTINCT FROM OLD.username"
        " OR NEW.mac IS DISTINCT FROM OLD.mac)) EXECUTE FUNCTION {here}.customer_logins()"
    ),
)
_TRIGRAMS = "SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"


def upgrade() -> None:
    """Make the tables, give each subscription room for its customer, and keep the index by triggers."""
    _make_customers()
    _make_belongings()
    _make_timeline()
    _add_customer_to_subscriptions()
    for statement in _SQLITE if _on_sqlite() else _on_postgres():
        op.get_bind().exec_driver_sql(statement)


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _on_postgres() -> Iterator[str]:
    bind = op.get_bind()
    bind.exec_driver_sql(
        "CREATE EXTENSION IF NOT EXISTS pg_trgm"
    )  # the owner of a database may: it is trusted
    here = bind.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    trigrams = bind.exec_driver_sql(f"{_TRIGRAMS} WHERE extname = 'pg_trgm'").scalar_one()
    for statement in _POSTGRES:
        yield statement.format(here=here, trigrams=trigrams)


def _make_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", BigInt, primary_key=True),
        sa.Column("reseller_id", BigInt, nullable=False),
        sa.Column("installation_id", BigInt),
        sa.Column("client_id", BigInt),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("registered_at", Instant),
        sa.Column("country", sa.String(2)),
        sa.Column("locale", sa.String(16)),
        sa.Column("time_zone", sa.String(64)),
        sa.Column("currency", sa.String(3)),
        sa.Column("storefront", sa.String(64)),
        sa.Column("agent", sa.String(64)),
        sa.Column("merged_into", BigInt),
        sa.Column("erased_at", Instant),
        sa.Column("revision", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name="fk_customers_reseller_id"),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["installations.id"], name="fk_customers_installation_id"
        ),
        sa.ForeignKeyConstraint(["merged_into"], ["customers.id"], name="fk_customers_merged_into"),
        sa.UniqueConstraint("installation_id", "client_id", name="uq_customers_client"),
        sa.CheckConstraint("origin IN ('whmcs', 'native', 'import')", name="ck_customers_origin"),
        sa.CheckConstraint(
            "client_id IS NULL OR installation_id IS NOT NULL", name="ck_customers_client_of_a_shop"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customers_reseller", "customers", ["reseller_id", "id"])
    op.create_index(
        "ix_customers_merged_into",
        "customers",
        ["merged_into"],
        sqlite_where=_MERGED,
        postgresql_where=_MERGED,
    )
    op.create_table(
        "customer_profiles",
        sa.Column("customer_id", BigInt, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text) for name in _PERSONAL.split()),
        sa.Column("name_folded", _FOLDED),
        sa.Column("email_folded", _FOLDED),
        sa.Column("find_text", sa.Text, nullable=False),
        sa.Column("logins", sa.Text),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_customer_profiles_customer_id"),
    )
    op.create_index("ix_customer_profiles_name", "customer_profiles", ["name_folded"])
    op.create_index("ix_customer_profiles_email", "customer_profiles", ["email_folded"])


def _make_belongings() -> None:
    op.create_table(
        "customer_contacts",
        sa.Column("id", BigInt, primary_key=True),
        _customer("customer_contacts"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_contacts_customer", "customer_contacts", ["customer_id"])
    op.create_table(
        "customer_notes",
        sa.Column("id", BigInt, primary_key=True),
        _customer("customer_notes"),
        _subscription("customer_notes"),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("removed_at", Instant),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_notes_customer", "customer_notes", ["customer_id", "id"])
    op.create_index(
        "ix_customer_notes_removed",
        "customer_notes",
        ["removed_at"],
        sqlite_where=_TO_PURGE,
        postgresql_where=_TO_PURGE,
    )
    op.create_table(
        "tags",
        sa.Column("id", BigInt, primary_key=True),
        sa.Column(
            "reseller_id", BigInt, sa.ForeignKey("resellers.id", name="fk_tags_reseller_id"), nullable=False
        ),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("name_folded", sa.String(64), nullable=False),
        sa.UniqueConstraint("reseller_id", "name_folded", name="uq_tags_name"),
    )
    op.create_table(
        "customer_tags",
        sa.Column(
            "tag_id",
            BigInt,
            sa.ForeignKey("tags.id", name="fk_customer_tags_tag_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column(
            "customer_id",
            BigInt,
            sa.ForeignKey("customers.id", name="fk_customer_tags_customer_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_customer_tags_customer", "customer_tags", ["customer_id"])
    op.create_table(
        "consents",
        sa.Column("id", BigInt, primary_key=True),
        _customer("consents"),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("wording_version", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consents_customer", "consents", ["customer_id", "id"])


def _make_timeline() -> None:
    op.create_table(
        "events",
        sa.Column("id", BigInt, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column(
            "reseller_id", BigInt, sa.ForeignKey("resellers.id", name="fk_events_reseller_id"), nullable=False
        ),
        _customer("events", nullable=True),
        _subscription("events"),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("cause", sa.String(40)),
        sa.Column("request_id", sa.String(40)),
        sa.Column("before", sa.JSON, nullable=False),
        sa.Column("after", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_customer", "events", ["customer_id", "id"])
    op.create_index("ix_events_subscription", "events", ["subscription_id", "id"])
    op.create_table(
        "event_texts",
        sa.Column(
            "event_id",
            BigInt,
            sa.ForeignKey("events.id", name="fk_event_texts_event_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("text", sa.Text),
    )


def _add_customer_to_subscriptions() -> None:
    name = "fk_subscriptions_customer_id"
    if _on_sqlite():  # it adds a constraint with a column only, and Alembic writes them apart
        op.execute(
            "ALTER TABLE subscriptions ADD COLUMN customer_id INTEGER"
            f" CONSTRAINT {name} REFERENCES customers (id)"
        )
    else:
        op.add_column("subscriptions", sa.Column("customer_id", BigInt))
        op.create_foreign_key(name, "subscriptions", "customers", ["customer_id"], ["id"])
    op.create_index(
        "ix_subscriptions_customer_id",
        "subscriptions",
        ["customer_id"],
        sqlite_where=_LINKED,
        postgresql_where=_LINKED,
    )


def _customer(table: str, *, nullable: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("customers.id", name=f"fk_{table}_customer_id")
    return sa.Column("customer_id", BigInt, key, nullable=nullable)


def _subscription(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("subscriptions.id", name=f"fk_{table}_subscription_id")
    return sa.Column("subscription_id", BigInt, key)
