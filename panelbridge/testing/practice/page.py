"""The control page of a practice panel: everything of its control paths, for a person with a browser.

Plain HTML: forms and tables, no script. Whatever comes from the panel, its callers or its books is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from typing import Any

from panelbridge.testing.practice.faults import Fault, FaultRule

EXPLAINED: Mapping[Fault, str] = {
    Fault.CUT_BEFORE: "connection closed; not done",
    Fault.CUT_AFTER_COMMIT: "done, then closed without a reply",
    Fault.TIMEOUT_AFTER_COMMIT: "done, then silence",
    Fault.COMMIT_AFTER_HANGUP: "silence; done after the caller hung up, on release",
    Fault.CUT_THEN_COMMIT: "connection closed; done later, on release",
    Fault.ERROR_500_BUT_DONE: "done, and answers 500",
    Fault.ERROR_500_BEFORE: "answers 500; not done",
    Fault.HTML_200: "done, then a page instead of the reply",
    Fault.HTML_502: "done, then a gateway's page",
    Fault.EMPTY_BODY: "done, then an empty 200",
    Fault.TRUNCATED_BODY: "done, then half of the reply",
    Fault.SLOW_DRIP: "done, then the reply byte by byte",
    Fault.WRONG_TYPES: "done, then values of unexpected types",
    Fault.RATE_LIMITED: "429 with Retry-After; not done",
    Fault.STALL: "silence; not done",
    Fault.DUPLICATE_REPLY: "done, then the reply twice",
    Fault.TRUNCATED_PAGE: "a list that lacks rows",
    Fault.SUCCESS_BUT_NOTHING: "says success; not done",
}
"""Those that a button can cause: a scripted reply needs a program to write it."""

ACTS = ("ban", "unban", "delete", "create", "set_expiry", "set_balance", "revoke")
_SHOWN_ROWS = 25
_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8881; --accent: #2563eb; }
* { box-sizing: border-box; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1180px; padding: 20px 24px 60px; }
h1 { font-size: 21px; margin: 0; }  h2 { font-size: 15px; margin: 0 0 10px; }
header { display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap; margin-bottom: 16px; }
header p { margin: 0; opacity: .7; }
section { border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin-bottom: 14px; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
.columns > section { margin: 0; }  .columns { margin-bottom: 14px; }
.faults { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 6px; }
button { font: inherit; padding: 4px 10px; border: 1px solid var(--line); border-radius: 6px;
         background: var(--soft); color: inherit; cursor: pointer; }
button:hover { border-color: var(--accent); }
.faults button { text-align: left; padding: 6px 10px; }
.faults small, .hint { opacity: .65; }  .faults small { display: block; }
.row { display: flex; gap: 10px; align-items: end; flex-wrap: wrap; margin-bottom: 12px; }
.row:last-child { margin-bottom: 0; }
label { display: grid; gap: 2px; font-size: 12px; }
input, textarea { font: inherit; padding: 4px 8px; border: 1px solid var(--line); border-radius: 6px;
                  background: transparent; color: inherit; }
input[type=number] { width: 90px; }
textarea { width: 100%; font: 12px/1.5 ui-monospace, monospace; resize: vertical; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th { text-align: left; font-weight: 600; opacity: .65; font-size: 12px; }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
p.hint { margin: 0 0 8px; }
td.wide { white-space: normal; word-break: break-word; }
.said { border-color: var(--accent); }
.tag { background: #dc2626; color: #fff; border-radius: 4px; padding: 0 6px; font-size: 12px; }
form.inline { display: inline; }
@media (max-width: 800px) { .columns { grid-template-columns: 1fr; } }
"""


@dataclass(frozen=True, kw_only=True)
class PageView:
    """What the page shows, already without the panel's own secrets, except for ``settings``."""

    imitates: str
    settings: Mapping[str, Any] = field(repr=False)
    rules: Sequence[FaultRule]
    latency: tuple[float, str | None]
    clock_offset: timedelta
    held: int
    books: Mapping[str, Any] = field(repr=False)
    received: Sequence[Mapping[str, Any]]
    cannot: Callable[[Fault], str | None]
    said: str = ""


def page_of(view: PageView) -> str:
    """The whole page."""
    operations = sorted({str(entry["operation"]) for entry in view.received})
    said = f'<section class="said" role="status">{escape(view.said)}</section>' if view.said else ""
    options = "".join(f'<option value="{escape(name)}">' for name in operations)
    acts = "".join(f'<option value="{name}">' for name in ACTS)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Practice panel</title>
<meta name="viewport" content="width=device-width"><meta name="referrer" content="same-origin">
<style>{_STYLE}</style></head><body>
<header><h1>Practice panel</h1><p>imitates {escape(view.imitates)}</p>
<p><a href="./">refresh</a> · <a href="books">books as JSON</a> · <a href="requests">requests as JSON</a></p>
</header>
{said}
<datalist id="operations">{options}</datalist><datalist id="acts">{acts}</datalist>
{_faults(view)}
<div class="columns">{_time(view)}{_owner()}</div>
{_settings(view)}
{_accounts(view)}
{_effects(view)}
{_received(view)}
</body></html>
"""


def _faults(view: PageView) -> str:
    buttons = []
    for fault, words in EXPLAINED.items():
        why_not = view.cannot(fault)
        off = f' disabled title="{escape(why_not)}"' if why_not else ""
        buttons.append(
            f'<button name="fault" value="{fault.value}"{off}>{escape(fault.value.replace("_", " "))}'
            f"<small>{escape(why_not or words)}</small></button>"
        )
    rows = [
        (rule.fault.value, rule.match or "any", "until cleared" if rule.times is None else rule.times)
        for rule in view.rules
    ]
    waiting = _table(("waiting", "aimed at", "times left"), rows, empty="No fault is waiting.")
    return f"""<section><h2>Faults</h2><form method="post" action="do">
<div class="row"><label>aimed at (empty: any request)<input name="match" list="operations"></label>
<label>times (0: until cleared)<input name="times" type="number" value="1" min="0"></label>
<label>seconds<input name="seconds" type="number" min="0" step="any"></label>
<button name="do" value="clear">clear all faults</button></div>
<div class="faults">{"".join(buttons)}</div></form><br>{waiting}</section>"""


def _time(view: PageView) -> str:
    seconds, match = view.latency
    return f"""<section><h2>Time</h2>
<form method="post" action="do" class="row">
<label>every request takes, s
<input name="seconds" type="number" min="0" step="any" value="{seconds:g}"></label>
<label>of this operation<input name="match" list="operations" value="{escape(match or "")}"></label>
<button name="do" value="latency">set latency</button></form>
<form method="post" action="do" class="row"><label>the panel's clock is off by, s
<input name="offset" type="number" step="any" value="{view.clock_offset.total_seconds():g}"></label>
<button name="do" value="clock">set clock</button></form>
<form method="post" action="do" class="row"><button name="do" value="release">release held effects</button>
<span class="hint">{view.held} held</span></form></section>"""


def _owner() -> str:
    return """<section><h2>The panel's owner</h2><form method="post" action="do">
<div class="row"><label>act<input name="act" list="acts" required></label>
<button name="do" value="act">do it</button></div>
<label>arguments, one NAME=VALUE a line
<textarea name="arguments" rows="3" placeholder="username=maria2345"></textarea></label>
</form></section>"""


def _settings(view: PageView) -> str:
    text = json.dumps(view.settings, indent=2, default=str)
    rows = min(12, text.count("\n") + 1)
    return f"""<section><h2>Settings to paste</h2>
<p class="hint">The only place that shows the panel's secrets; it is a toy that listens on this machine.</p>
<textarea readonly rows="{rows}" spellcheck="false">{escape(text)}</textarea></section>"""


def _accounts(view: PageView) -> str:
    columns = ("username", "state", "expires_at", "package", "connections", "reference", "id")
    accounts = list(view.books.get("accounts", {}).values())
    rows = [
        [*(account.get(name) for name in columns), _Html(_on_account(str(account.get("username"))))]
        for account in accounts[-_SHOWN_ROWS:]
    ]
    more = f" · the newest {_SHOWN_ROWS} of {len(accounts)}" if len(accounts) > _SHOWN_ROWS else ""
    others = {
        name: value
        for name, value in view.books.items()
        if name not in ("accounts", "effects", "counts") and isinstance(value, (str, int, float))
    }
    facts = " · ".join(f"{escape(name)} {escape(str(value))}" for name, value in others.items())
    table = _table((*(name.replace("_", " ") for name in columns), ""), rows, empty="No account yet.")
    return f'<section><h2>Accounts{more}</h2><p class="hint">{facts}</p>{table}</section>'


def _on_account(username: str) -> str:
    return (
        '<form method="post" action="do" class="inline"><input type="hidden" name="do" value="act">'
        f'<input type="hidden" name="arguments" value="username={escape(username)}">'
        '<button name="act" value="ban">ban</button> <button name="act" value="delete">delete</button></form>'
    )


def _effects(view: PageView) -> str:
    effects = list(view.books.get("effects", ()))[-_SHOWN_ROWS:]
    rows = [
        (one["number"], one["at"][:19], one["kind"], one["account"], one["charged"], _Wide(one["details"]))
        for one in reversed(effects)
    ]
    table = _table(("", "at", "effect", "account", "charged", "details"), rows, empty="Nothing happened yet.")
    return f"<section><h2>What happened, newest first</h2>{table}</section>"


def _received(view: PageView) -> str:
    rows = [
        (
            one["number"],
            one["method"],
            _Wide(one["path"]),
            one["operation"],
            _Html(f'<span class="tag">{escape(str(one["fault"]))}</span>') if one["fault"] else "",
            "yes" if one["answered"] else "no",
        )
        for one in reversed(view.received[-_SHOWN_ROWS:])
    ]
    columns = ("", "method", "path", "operation", "fault", "answered")
    table = _table(columns, rows, empty="No request yet.")
    return f"<section><h2>Received, newest first</h2>{table}</section>"


@dataclass(frozen=True)
class _Html:
    """A cell that is HTML of our own making."""

    text: str


@dataclass(frozen=True)
class _Wide:
    """A cell that may be long."""

    value: Any


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> str:
    body = ["<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows]
    if not body:
        return f'<p class="hint">{escape(empty)}</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(body)}</table></div>'


def _cell(value: Any) -> str:
    match value:
        case _Html(text=text):
            return f"<td>{text}</td>"
        case _Wide(value=inner):
            text = json.dumps(inner) if isinstance(inner, (dict, list)) else str(inner)
            return f'<td class="wide">{escape(text)}</td>'
        case None:
            return "<td>-</td>"
        case _:
            return f"<td>{escape(str(value))}</td>"
