"""Expressions of a description: Jinja2 syntax, expressions only, checked when the file is loaded.

``{{ }}`` is the only delimiter. A text that is exactly one of them keeps the value's type, any other is text.
Values (names, passwords, replies) are only ever data: nothing read from them is evaluated again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.environment import TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

from panelbridge_declarative.description.filters import FILTERS, WITH_ARGUMENT, FilterRefused, as_text
from panelbridge_declarative.description.words import meant

Scope = Mapping[str, Any]
Chain = tuple[str, ...]  # ("account", "username")

_ALLOWED = (
    nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.Filter, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Add, nodes.Sub, nodes.Neg, nodes.Concat,
)  # fmt: skip
_PLAIN = (type(None), bool, int, float, str, Decimal, datetime, list, dict)


class ExpressionInvalid(ValueError):
    """An expression that is not allowed; told when the file is loaded."""


class ExpressionFailed(ValueError):
    """An expression without a value for these facts. ``chain`` names the fact; no value is reported."""

    def __init__(self, message: str, chain: Chain = ()) -> None:
        super().__init__(message)
        self.chain = chain


class _Environment(ImmutableSandboxedEnvironment):
    """Reads keys of tables and items of lists, never an attribute of a Python object."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            if isinstance(obj, (Mapping, list)):
                return obj[argument]
        except (LookupError, TypeError):
            pass
        return self.undefined(obj=obj, name=str(argument))


def _environment() -> _Environment:
    never = "\0"  # statements and comments cannot be written: braces and percent signs are plain text
    made = _Environment(
        block_start_string=never + "{%", block_end_string="%}" + never,
        comment_start_string=never + "{#", comment_end_string="#}" + never,
        undefined=StrictUndefined, keep_trailing_newline=True, optimized=False,
    )  # fmt: skip
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    made.filters.update(FILTERS)
    made.filters["_piece"] = as_text  # puts what ``~`` joins to the same rule as a text
    return made


_ENVIRONMENT = _environment()


@dataclass(frozen=True, kw_only=True)
class Expression:
    """One expression. ``chains`` are the facts it reads; ``filter`` is the outermost one."""

    source: str
    chains: tuple[Chain, ...]
    filter: str | None
    _compiled: TemplateExpression

    def value(self, scope: Scope) -> Any:
        """Raises ``ExpressionFailed``."""
        chain = self.chains[0] if self.chains else ()
        try:
            value = self._compiled(**scope)
            if isinstance(value, Undefined):
                value._fail_with_undefined_error()  # noqa: SLF001
        except FilterRefused as error:
            raise ExpressionFailed(f"{'.'.join(chain) or 'a value'} {error}", chain) from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, OSError):
            raise ExpressionFailed(f"{{{{{self.source}}}}} has no value here", chain) from None
        if not isinstance(value, _PLAIN):
            raise ExpressionFailed(f"{{{{{self.source}}}}} is no plain value", chain)
        return value


@dataclass(frozen=True, kw_only=True)
class Template:
    """A text with expressions in it."""

    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(part for part in self.parts if isinstance(part, Expression))

    @property
    def literal(self) -> str:
        """The text around the expressions, each of which is a NUL."""
        return "".join("\0" if isinstance(part, Expression) else part for part in self.parts)

    def value(self, scope: Scope) -> Any:
        """The value of the one expression, else text. Raises ``ExpressionFailed``."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].value(scope)
        return "".join(self.texts(scope))

    def texts(self, scope: Scope) -> Iterator[str]:
        """The parts as text, in order. Raises ``ExpressionFailed``."""
        for part in self.parts:
            yield part if isinstance(part, str) else text_of(part, scope)


def text_of(part: Expression, scope: Scope) -> str:
    """A value as a piece of text. Raises ``ExpressionFailed``: null and tables are none."""
    try:
        return as_text(part.value(scope))
    except FilterRefused as error:
        chain = part.chains[0] if part.chains else ()
        raise ExpressionFailed(f"{'.'.join(chain) or 'a value'}: {error}", chain) from None


@lru_cache(maxsize=8192)
def template(source: str) -> Template:
    """Raises ``ExpressionInvalid``."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise ExpressionInvalid(f"{source!r}: {error.message}") from None
    written = [node for output in tree.find_all(nodes.Output) for node in output.nodes]
    shown = iter(re.findall(r"\{\{(.*?)\}\}", source))
    return Template(
        parts=tuple(
            node.data
            if isinstance(node, nodes.TemplateData)
            else _expression(source, next(shown, source).strip(), node)
            for node in written
        )
    )


@lru_cache(maxsize=2048)
def expression(source: str) -> Expression:
    """A bare expression, without braces. Raises ``ExpressionInvalid``."""
    parts = template("{{" + source + "}}").parts
    if len(parts) != 1 or not isinstance(parts[0], Expression):
        raise ExpressionInvalid(f"{source!r} is not one expression; it is written without braces")
    return parts[0]


def _expression(source: str, shown: str, node: nodes.Expr) -> Expression:
    _check(source, node)
    outermost = node.name if isinstance(node, nodes.Filter) else None
    chains = tuple(dict.fromkeys(_chains(node)))
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), _joined_as_text(node), lineno=1)]
    compiled = _ENVIRONMENT.from_string(nodes.Template(body, lineno=1))
    return Expression(
        source=shown, chains=chains, filter=outermost, _compiled=TemplateExpression(compiled, False)
    )


def _check(source: str, node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED):
        raise ExpressionInvalid(
            f"{source!r}: {type(node).__name__.lower()} is not allowed; an expression has names, items, "
            "constants, filters, comparisons, and/or/not, if-else, + - ~"
        )
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
        raise ExpressionInvalid(f"{source!r}: slices are not allowed")
    if _name_of(node).startswith("_"):
        raise ExpressionInvalid(f"{source!r}: a name may not begin with an underscore")
    if isinstance(node, nodes.Filter):
        _check_filter(source, node)
    for child in node.iter_child_nodes():
        _check(source, child)


def _name_of(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return str(node.arg.value)
    return node.name if isinstance(node, nodes.Name) else ""


def _check_filter(source: str, node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        raise ExpressionInvalid(f"{source!r}: there is no filter {node.name!r}{meant(node.name, FILTERS)}")
    least, most = WITH_ARGUMENT.get(node.name, (0, 0))
    given = len(node.args or [])
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not least <= given <= most:
        raise ExpressionInvalid(f"{source!r}: filter {node.name!r} takes {least} to {most} arguments")


def _chains(node: nodes.Node) -> Iterator[Chain]:
    """Every fact read: the longest chain of constant keys from each name."""
    chain: list[str] = []
    inner = node
    while isinstance(inner, (nodes.Getattr, nodes.Getitem)):
        if isinstance(inner, nodes.Getattr):
            chain.append(inner.attr)
        elif isinstance(inner.arg, nodes.Const):
            chain.append(str(inner.arg.value))
        else:
            chain.clear()
            yield from _chains(inner.arg)
        inner = inner.node
    if isinstance(inner, nodes.Name):
        yield (inner.name, *reversed(chain))
        return
    for child in inner.iter_child_nodes():
        yield from _chains(child)


def _joined_as_text(node: Any) -> Any:
    """The tree with each operand of ``~`` put through ``_piece``: Jinja would write null as "None"."""
    for name, value in node.iter_fields():
        if isinstance(value, nodes.Node):
            setattr(node, name, _joined_as_text(value))
        elif isinstance(value, list):
            setattr(node, name, [_joined_as_text(i) if isinstance(i, nodes.Node) else i for i in value])
    if isinstance(node, nodes.Concat):
        node.nodes = [nodes.Filter(item, "_piece", [], [], None, None) for item in node.nodes]
    return node
