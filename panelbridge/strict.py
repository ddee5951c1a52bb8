"""What a panel answered, read strictly: a field that is missing or of another type is loud, never 0."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from panelbridge.exceptions import ContractBroken


class Strict(BaseModel):
    """One object of a panel's JSON; a subclass names the fields it uses, others are passed over."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    @classmethod
    def read(cls, payload: Any) -> Self:
        """Raises ``ContractBroken`` naming the fields, never a value."""
        try:
            return cls.model_validate(payload)
        except ValidationError as error:
            fields = sorted({".".join(map(str, item["loc"])) or "all of it" for item in error.errors()})
            broken = f"the panel's {cls.__name__.lower()} lacks or changed: {', '.join(fields)}"
        raise ContractBroken(broken)  # out here, so that no value is chained
