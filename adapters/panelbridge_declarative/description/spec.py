"""The form of a description: what may stand in the file, as pydantic models.

The JSON Schema beside this file is made from here. What a file says beyond its form (names, filters, rules
that can never match) is checked in ``checks``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema

from panelbridge.contract.capabilities import OrderFact, SerialiseWrites, TextRule
from panelbridge.contract.models import ConnectKind

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Query = Annotated[str, StringConstraints(min_length=1), Field(description="JMESPath over the reply")]
Test = Annotated[str, StringConstraints(min_length=1), Field(description="expression, without braces")]
Text = Annotated[str, Field(description="text with {{ }} in it")]
Json = Any
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Is(StrEnum):
    """What a reply means. A closed set; what no rule speaks of is ``unknown``."""

    OK = "ok"
    EXISTS = "exists"
    NOT_FOUND = "not_found"
    ALREADY = "already"
    AUTH = "auth"
    DENIED = "denied"
    INVALID = "invalid"
    NO_CREDIT = "no_credit"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"
    HALF_MADE = "half_made"
    UNKNOWN = "unknown"


class AfterUnknown(StrEnum):
    """What follows a write nobody knows the end of."""

    RESEND = "resend"  # the journal may repeat it after the quiet time: it names an end state
    VERIFY = "verify"  # read; reached is done, else as ``resend``
    STOP = "stop"  # a person looks


class Part(BaseModel):
    """Strict: a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Short(Part):
    """A table that may be written as the text of its first key."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return {next(iter(cls.model_fields)): given} if isinstance(given, str) else given

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(core)]}


class ConfigField(Short):
    """A setting of the panel. Secrets are sealed at rest and starred wherever they are shown."""

    type: Literal["text", "secret", "url", "int", "bool"]
    about: str = ""
    default: str | int | bool | None = None


def _listed(given: Any) -> Any:
    return given if isinstance(given, list) else [given]


class Rule(Part):
    """If all of these hold, the reply ``is`` that. First match wins."""

    status: Annotated[tuple[Annotated[int, Field(ge=100, le=599)], ...], BeforeValidator(_listed)] = ()
    type: str | None = Field(default=None, description="content type, without parameters")
    header: dict[str, str] = Field(default_factory=dict)
    text: str | None = Field(default=None, description="the body as text contains this")
    match: Query | None = Field(default=None, description="JMESPath, exactly true")
    outcome: Is = Field(alias="is")
    message: Query | None = Field(default=None, description="where the panel says why")
    field: Word | None = Field(default=None, description="field of the order that an `invalid` is about")


Rules = tuple[Rule, ...]


class Request(Part):
    """One method with its path, and what goes along."""

    GET: Text | None = None
    POST: Text | None = None
    PUT: Text | None = None
    PATCH: Text | None = None
    DELETE: Text | None = None
    query: dict[str, Json] = Field(default_factory=dict)
    headers: dict[str, Text] = Field(default_factory=dict)
    json_body: Json = Field(default=None, alias="json")
    form: dict[str, Json] | None = None
    xml: Text | None = None
    reply: Literal["json", "urlencoded", "text", "xml"] | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if len(self.model_fields_set & set(METHODS)) != 1:
            raise ValueError(f"needs exactly one of {', '.join(METHODS)}")
        if len(self.model_fields_set & {"json_body", "form", "xml"}) > 1:
            raise ValueError("has one body at most: json, form or xml")
        return self

    @property
    def method(self) -> str:
        return next(name for name in METHODS if name in self.model_fields_set)

    @property
    def path(self) -> str:
        return str(getattr(self, self.method))


class Login(Part):
    """Asks for a token, which is kept until the panel refuses it."""

    request: Request
    outcomes: Rules = ()
    token: Query


class Basic(Part):
    user: Text
    password: Text


class Send(Part):
    """What goes with every request but the login."""

    headers: dict[str, Text] = Field(default_factory=dict)
    query: dict[str, Json] = Field(default_factory=dict)
    form: dict[str, Json] = Field(default_factory=dict)
    basic: Basic | None = None


class Auth(Part):
    login: Login | None = None
    send: Send = Send()


class ResultField(Short):
    """Where a value stands in a reply and how it is written there."""

    at: Query
    unit: Literal["epoch_s", "epoch_ms", "iso", "date", "days_left", "bytes", "mib", "gib", "int"] | None = (
        None
    )
    format: str | None = Field(default=None, description="of unit date, as in %d.%m.%Y")
    pattern: str | None = Field(default=None, description="regular expression; its first group is the value")
    swap: tuple[str, str] | None = Field(
        default=None, description="sign as written, sign as meant: undoes the filter swap"
    )
    map: dict[str, str | int | bool] | None = None
    otherwise: str | int | bool | None = Field(default=None, alias="else")
    missing: str | int | bool | None = Field(default=None, description="value where it is missing or null")
    optional: bool = Field(default=False, description="may be missing or null")
    never: bool | list[int | str] = Field(
        default=False, description="of expires or last_seen: null (and each of these) is never"
    )


Results = dict[Word, ResultField]


class Found(Part):
    """When an `ok` of a search has found somebody: the one row, or a condition."""

    rows: Query | None = None
    where: Test | None = Field(default=None, description="over row and account; exactly one row may fit")
    when: Query | None = Field(default=None, description="JMESPath; true: found, false: not_found")


class Lookup(Part):
    op: Annotated[str, StringConstraints(pattern=r"^(get|find|balance|test|ask\.[a-z][a-z0-9_]*)$")]
    take: Word


class Proof(Part):
    """A second request where the first says `not_found`: only its own `not_found` proves it."""

    request: Request
    outcomes: Rules = ()
    reads: bool = Field(
        default=False, description="what is half made reads as the account: result holds for it"
    )


class ReadOp(Part):
    """A request that changes nothing."""

    request: Request
    outcomes: Rules = ()
    lookup: dict[Word, Lookup] = Field(default_factory=dict)
    found: Found | None = None
    proof: Proof | None = Field(default=None, description="what else must say that nobody is there")
    result: Results = Field(default_factory=dict)


class Paging(Part):
    """The request is repeated with `page.number`, `page.offset`, `page.after` until nothing is left."""

    size: Annotated[int, Field(ge=1, le=10_000)] = 100
    total: Query | None = Field(default=None, description="how many rows there are in all")
    next: Query | None = Field(default=None, description="what `page.after` is for the next page; null: none")


class ListOp(Part):
    """A request for many rows."""

    request: Request
    outcomes: Rules = ()
    rows: Query
    page: Paging | None = None
    like: Literal["get"] | None = Field(default=None, description="each row reads as the reply of op.get")
    result: Results = Field(default_factory=dict)


class Poll(Part):
    """Asks until the panel is done with what it accepted."""

    request: Request | None = None
    follow: Query | None = Field(default=None, description="where the first reply says the address to ask")
    outcomes: Rules = ()
    until: Query
    fail_when: Query | None = None
    every: Annotated[float, Field(ge=0, le=60)] = 2.0
    at_most: Annotated[float, Field(gt=0, le=600)] = 60.0


class Retry(Part):
    after_unknown: AfterUnknown


class Step(Part):
    """One of several requests of a write, in order."""

    name: Word | None = None
    when: Test | None = None
    made: Test | None = Field(
        default=None, description="over result: a create's step that is done; else it is sent to complete it"
    )
    request: Request
    outcomes: Rules = ()
    also_ok: tuple[Is, ...] = ()
    take: dict[Word, Query] = Field(default_factory=dict)
    poll: Poll | None = None
    undo: Request | None = Field(default=None, description="takes it back when a later step is refused")
    gap: str | None = Field(default=None, description="told when it was done and a later step was not")


class WriteOp(Part):
    """A change. One request, or steps."""

    request: Request | None = None
    steps: tuple[Step, ...] = ()
    outcomes: Rules = ()
    lookup: dict[Word, Lookup] = Field(default_factory=dict)
    also_ok: tuple[Is, ...] = ()
    take: dict[Word, Query] = Field(default_factory=dict)
    poll: Poll | None = None
    retry: Retry | None = None
    verify: Test | None = Field(default=None, description="over result and account: the end state")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.request is None) is (not self.steps):
            raise ValueError("needs either request or steps")
        if self.steps and (self.take or self.poll or self.also_ok):
            raise ValueError("take, poll and also_ok stand in each of the steps")
        return self

    def sequence(self) -> tuple[Step, ...]:
        """The request as the only step, or the steps."""
        if self.request is None:
            return self.steps
        return (Step(request=self.request, also_ok=self.also_ok, take=self.take, poll=self.poll),)


class CreateOp(WriteOp):
    look_first: bool = Field(default=True, description="look for the name before anything is sent")
    result: Results = Field(default_factory=dict, description="id, where the reply brings it")


class TerminateOp(WriteOp):
    note: str | None = Field(default=None, description="of a panel without delete: what was done instead")


class Ops(Part):
    test: ReadOp
    ask: dict[Word, ReadOp] = Field(default_factory=dict, description="further reads, for lookups")
    get: ReadOp | None = None
    find: ReadOp | None = None
    find_reference: ReadOp | None = None
    balance: ReadOp | None = None
    sign_on: ReadOp | None = None
    list: ListOp | None = None
    packages: ListOp | None = None
    usage: ListOp | None = None
    create: CreateOp | None = None
    extend: WriteOp | None = None
    suspend: WriteOp | None = None
    unsuspend: WriteOp | None = None
    reset_credentials: WriteOp | None = None
    change_package: WriteOp | None = None
    terminate: TerminateOp | None = None

    def reader(self, name: str) -> ReadOp | None:
        """The read that a lookup names: ``get``, or ``ask.NAME``."""
        head, _, own = name.partition(".")
        found: ReadOp | None = self.ask.get(own) if own else getattr(self, head)
        return found


READS = ("test", "get", "find", "find_reference", "balance", "sign_on")
LISTS = ("list", "packages", "usage")
WRITES = ("create", "extend", "suspend", "unsuspend", "reset_credentials", "change_package", "terminate")


class Connect(Part):
    """A line of what a customer connects with; left out where its value is null or cannot be had."""

    kind: ConnectKind
    label: str = Field(min_length=1, description="for the customer")
    value: Text
    secret: bool = False


class Limits(Part):
    """Defaults of the panel's settings, and the pace of requests."""

    per_second: Annotated[float, Field(gt=0, le=1000)] | None = None
    concurrent: Annotated[int, Field(ge=1, le=64)] | None = None
    timeout_s: Annotated[float, Field(gt=0, le=600)] | None = None
    create_timeout_s: Annotated[float, Field(gt=0, le=600)] | None = None
    max_reply_kib: Annotated[int, Field(ge=1, le=256 * 1024)] | None = None
    retry_after_at_most_s: Annotated[float, Field(gt=0)] = 3600.0


class Declared(Part):
    """What cannot be read from the operations. Left out, the careful value counts."""

    late_commit: Annotated[float, Field(ge=0)] = 60.0
    username: TextRule = TextRule()
    password: TextRule = TextRule()
    expiry_granularity: Annotated[int, Field(ge=1)] = 1
    grace: bool = True
    reference_field: str | None = Field(default=None, description="needs result.reference of op.get")
    reference_editable: bool = Field(
        default=False, description="the customer can write there: it counts when an account is made only"
    )
    list_complete: bool = Field(default=False, description="needs op.list")
    needs: tuple[OrderFact, ...] = ()
    serialise_writes: SerialiseWrites = SerialiseWrites.NONE


PackageValue = str | int | bool


class Spec(Part):
    """A whole description."""

    spec: Literal[1]
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
    title: str = Field(min_length=1, description="the panel and release it is for")
    prefix: Text = Field(default="", description="in front of every path")
    admin_link: str | None = Field(default=None, description="path where a person administers the panel")
    allow_secret_in_url: bool = False
    reply: Literal["json", "urlencoded", "text", "xml"] | None = None
    config: dict[Word, ConfigField] = Field(default_factory=dict)
    auth: Auth = Auth()
    outcomes: Rules = ()
    limits: Limits = Limits()
    capabilities: Declared = Declared()
    connect: tuple[Connect, ...] = Field(default=(), description="over result of op.get, config and account")
    packages: dict[str, dict[Word, PackageValue]] = Field(
        default_factory=dict, description="by id, where the panel itself keeps none"
    )
    op: Ops
