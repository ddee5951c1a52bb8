"""Rules that can never match: an earlier one takes everything they would."""

from __future__ import annotations

from collections.abc import Iterator

from panelbridge_declarative.description.findings import Finding
from panelbridge_declarative.description.spec import Rule, Rules


def shadows(key: str, rules: Rules) -> Iterator[Finding]:
    """A warning for each rule of one list that an earlier one of it hides, or no reply can meet."""
    for at, rule in enumerate(rules):
        if rule.status and all(300 <= status < 400 for status in rule.status):  # noqa: PLR2004 - redirects
            message = "a redirect is never followed and always unknown, so this rule never matches"
            yield Finding(key=f"{key}.{at}", message=message, fatal=False)
        hider = next((n for n, earlier in enumerate(rules[:at]) if _takes_all_of(earlier, rule)), None)
        if hider is not None:
            message = f"rule {hider} comes first and takes every reply that this one would"
            yield Finding(key=f"{key}.{at}", message=message, fatal=False)


def _takes_all_of(wide: Rule, narrow: Rule) -> bool:
    return (
        (not wide.status or (bool(narrow.status) and set(narrow.status) <= set(wide.status)))
        and wide.type in (None, narrow.type)
        and wide.header.items() <= narrow.header.items()
        and (wide.text is None or (narrow.text is not None and wide.text in narrow.text))
        and wide.match in (None, narrow.match)
    )
