"""The composed service: configuration, composition root, serve, logs and metrics."""

from __future__ import annotations
