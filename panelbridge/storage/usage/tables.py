"""One day of one account's use. No address is in it: only a keyed hash of its network."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table

from panelbridge.storage.engine.schema import BigInt, Instant, metadata

usage_samples = Table(
    "usage_samples",
    metadata,
    Column("subscription_id", BigInt, ForeignKey("subscriptions.id"), primary_key=True),
    Column("day", String(10), primary_key=True),  # UTC, as 2026-11-30
    Column("generation", BigInt, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("last_seen", Instant),
    Column("never_seen", Boolean, nullable=False),
    Column("connections", BigInt),
    Column("network", String(64)),
    Column("player", String(200)),
)
Index("ix_usage_samples_day", usage_samples.c.day)
