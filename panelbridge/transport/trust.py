"""Whom a session trusts: the authorities behind TLS, and an explicit proxy."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from urllib.parse import unquote, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from panelbridge.contract.exceptions import SettingsInvalid
from panelbridge.contract.settings import PanelSettings

log = logging.getLogger("panelbridge.transport")


def proxy_secrets(proxy: str | None) -> list[str]:
    """User name and password of ``proxy``, as they are written there and as they are sent."""
    if proxy is None:
        return []
    parts = urlsplit(proxy)
    written = [text for text in (parts.username, parts.password) if text]
    return [*written, *map(unquote, written)]


def tls_context(settings: PanelSettings) -> ssl.SSLContext | None:
    """One context per panel, its authorities read once; ``None`` for a panel without TLS."""
    if not settings.base_url.startswith("https:"):
        return None
    if settings.fingerprint is not None:  # compared by the connection, before anything is sent
        return create_urllib3_context(cert_reqs=ssl.CERT_NONE)
    if not settings.verify_tls:
        log.warning(
            "the certificate of %s is not checked (verify_tls is off)", urlsplit(settings.base_url).netloc
        )
        return create_urllib3_context(cert_reqs=ssl.CERT_NONE)
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    try:
        context.load_verify_locations(cafile=settings.ca_file or DEFAULT_CA_BUNDLE_PATH)
    except OSError:
        name = Path(settings.ca_file or "").name
        raise SettingsInvalid(f"ca_file: {name!r} is no readable PEM file of authorities") from None
    return context
