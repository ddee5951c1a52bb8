"""Tables of customers. What names a person is in tables of its own, which can be erased."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from panelbridge.storage.engine.schema import BigInt, Instant, metadata

# Prefixes are looked up in these by ranges of code points, whatever the server's language.
Folded = Text().with_variant(Text(collation="C"), "postgresql")

# Never deleted: everything points here.
customers = Table(
    "customers",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("installation_id", BigInt, ForeignKey("installations.id")),
    Column("client_id", BigInt),
    Column("origin", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("registered_at", Instant),
    Column("country", String(2)),
    Column("locale", String(16)),
    Column("time_zone", String(64)),
    Column("currency", String(3)),
    Column("storefront", String(64)),
    Column("agent", String(64)),
    Column("merged_into", BigInt, ForeignKey("customers.id")),
    Column("erased_at", Instant),
    Column("revision", BigInt, nullable=False),
    UniqueConstraint("installation_id", "client_id", name="uq_customers_client"),
    CheckConstraint("origin IN ('whmcs', 'native', 'import')", name="origin"),
    CheckConstraint("client_id IS NULL OR installation_id IS NOT NULL", name="client_of_a_shop"),
    sqlite_autoincrement=True,
)
Index("ix_customers_reseller", customers.c.reseller_id, customers.c.id)
Index(
    "ix_customers_merged_into",
    customers.c.merged_into,
    sqlite_where=customers.c.merged_into.is_not(None),
    postgresql_where=customers.c.merged_into.is_not(None),
)

# No constraint here names a value: PostgreSQL's errors tell the row that broke one.
profiles = Table(
    "customer_profiles",
    metadata,
    Column("customer_id", BigInt, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("name", Text),
    Column("email", Text),
    Column("company", Text),
    Column("company_number", Text),
    Column("company_email", Text),
    Column("tax_id", Text),
    Column("vat_number", Text),
    Column("phone", Text),
    Column("address", Text),
    Column("city", Text),
    Column("region", Text),
    Column("postcode", Text),
    Column("name_folded", Folded),
    Column("email_folded", Folded),
    Column("find_text", Text, nullable=False),  # folded; what the index of trigrams is made of
    Column("logins", Text),  # of his subscriptions, with their devices; the database itself keeps it
)
Index("ix_customer_profiles_name", profiles.c.name_folded)
Index("ix_customer_profiles_email", profiles.c.email_folded)

contacts = Table(
    "customer_contacts",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("customer_id", BigInt, ForeignKey("customers.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("label", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_customer_contacts_customer", contacts.c.customer_id)

notes = Table(
    "customer_notes",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("customer_id", BigInt, ForeignKey("customers.id"), nullable=False),
    Column("subscription_id", BigInt, ForeignKey("subscriptions.id")),
    Column("author", String(100), nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text),  # NULL = erased
    Column("pinned", Boolean, nullable=False, server_default=false()),
    Column("removed_at", Instant),
    sqlite_autoincrement=True,
)
Index("ix_customer_notes_customer", notes.c.customer_id, notes.c.id)
_TO_PURGE = text("removed_at IS NOT NULL AND body IS NOT NULL")
Index(
    "ix_customer_notes_removed",
    notes.c.removed_at,
    sqlite_where=_TO_PURGE,
    postgresql_where=_TO_PURGE,
)

tags = Table(
    "tags",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("name_folded", String(64), nullable=False),
    UniqueConstraint("reseller_id", "name_folded", name="uq_tags_name"),
)

customer_tags = Table(
    "customer_tags",
    metadata,
    Column("tag_id", BigInt, ForeignKey("tags.id"), primary_key=True, autoincrement=False),
    Column("customer_id", BigInt, ForeignKey("customers.id"), primary_key=True, autoincrement=False),
    Column("actor", String(100), nullable=False),
    Column("at", Instant, nullable=False),
)
Index("ix_customer_tags_customer", customer_tags.c.customer_id)

# Only ever added to: the newest row of a purpose counts. Evidence in words is with the event.
consents = Table(
    "consents",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("customer_id", BigInt, ForeignKey("customers.id"), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", String(64), nullable=False),
    Column("wording_version", String(64), nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_consents_customer", consents.c.customer_id, consents.c.id)

# The timeline: only ever added to. Codes, whole numbers and dates; a person's words are beside it.
events = Table(
    "events",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("customer_id", BigInt, ForeignKey("customers.id")),
    Column("subscription_id", BigInt, ForeignKey("subscriptions.id")),
    Column("kind", String(40), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("cause", String(40)),
    Column("request_id", String(40)),
    Column("before", JSON, nullable=False),
    Column("after", JSON, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_events_customer", events.c.customer_id, events.c.id)
Index("ix_events_subscription", events.c.subscription_id, events.c.id)

event_texts = Table(
    "event_texts",
    metadata,
    Column("event_id", BigInt, ForeignKey("events.id"), primary_key=True, autoincrement=False),
    Column("text", Text),  # NULL = erased
)

# Files of customers that were read.
imports = Table(
    "imports",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(100), nullable=False),
    sqlite_autoincrement=True,
)

# Their lines, so that a second time changes nothing: keyed digests, which tell nothing of the person.
import_rows = Table(
    "import_rows",
    metadata,
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("customer_id", BigInt, ForeignKey("customers.id"), nullable=False),
    Column("at", Instant, nullable=False),
)
Index("ix_import_rows_customer", import_rows.c.customer_id)
