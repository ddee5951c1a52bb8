"""API keys: made, listed, revoked. The text of a key is shown once, in the answer that makes it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, Field

from panelbridge.access import ApiKey, NewApiKey, Scope, mint_key
from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Code, Remark, View
from panelbridge.actions.installations import installation_named
from panelbridge.actions.paging import PageQuery, cut
from panelbridge.actions.problems import Problem
from panelbridge.subscriptions import Mode


class WantedKey(Body):
    """A key to be made. With an installation: its mode, and no admin scope."""

    installation: Code | None = Field(default=None, description="null: a key of the operator")
    mode: Mode | None = Field(default=None, strict=False, description="null: the installation's, else live")
    scopes: frozenset[Scope] = Field(min_length=1, strict=False)
    label: Remark = ""
    expires_at: AwareDatetime | None = Field(default=None, strict=False)


class KeyView(View):
    """A key without its secret."""

    prefix: str
    mode: Mode
    scopes: tuple[Scope, ...]
    label: str
    installation_id: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="exact to a few minutes")

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """What is shown of ``key``."""
        return cls(
            prefix=key.prefix,
            mode=key.mode,
            scopes=tuple(sorted(key.scopes)),
            label=key.label,
            installation_id=key.installation_id,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


class MadeKey(KeyView):
    """A key just made. ``key`` is shown once: a repeat of the request answers null."""

    key: str | None = Field(default=None, repr=False)

    def kept(self) -> Self:
        """Without the key's text."""
        return self.model_copy(update={"key": None})


class KeyPage(View):
    """A page of keys."""

    items: tuple[KeyView, ...]
    next: int | None


def list_keys(context: Context, query: PageQuery) -> KeyPage:
    """List keys, without their secrets."""
    found = context.unit.access.keys(after=query.after, limit=query.limit + 1)
    items, after = cut(found, query, lambda key: key.id)
    return KeyPage(items=tuple(KeyView.of(key) for key in items), next=after)


def make_key(context: Context, body: WantedKey) -> MadeKey:
    """Make a key; its text is shown once."""
    installation = installation_named(context, body.installation) if body.installation is not None else None
    mode = body.mode or (installation.mode if installation else Mode.LIVE)
    if installation is not None and mode is not installation.mode:
        raise Problem(
            "mode_mismatch", f"Installation {installation.code} is {installation.mode.value}.", field="mode"
        )
    if installation is not None and Scope.ADMIN in body.scopes:
        raise Problem(
            "invalid_request",
            "scopes: admin is the operator's; an installation cannot have it.",
            field="scopes",
        )
    if body.expires_at is not None and body.expires_at <= context.now:
        raise Problem("invalid_request", "expires_at: has passed already.", field="expires_at")
    text = mint_key(mode)
    stored = context.unit.access.add_key(
        NewApiKey(
            prefix=text.prefix,
            digest=text.digest,
            mode=mode,
            scopes=body.scopes,
            label=body.label,
            installation_id=installation.id if installation else None,
            created_at=context.now,
            expires_at=body.expires_at,
        )
    )
    return MadeKey(**KeyView.of(stored).model_dump(), key=text.text.get_secret_value())


def revoke_key(context: Context, prefix: str) -> KeyView:
    """Revoke a key: it is refused from now on, in other processes within five seconds."""
    key = context.unit.access.revoke_key(prefix, context.now)
    if key is None:
        raise Problem("not_found", f"There is no key {prefix[:40]}.")
    context.after_commit(context.forget_keys)
    return KeyView.of(key)
