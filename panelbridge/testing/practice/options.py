"""The options of a practice panel: those it declares, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

KnownOptions = Mapping[str, str | tuple[str, ...]]
"""By name: the default of an option that takes any text; or the only values it takes, the default first."""


class OptionInvalid(ValueError):
    """An option that the practice panel does not have, or a value that the option does not take."""


def read_options(known: KnownOptions, given: Mapping[str, str]) -> dict[str, str]:
    """Every known option with its value. Raises ``OptionInvalid``, naming what there is.

    One that is not known would do nothing, and the panel would look as if it did.
    """
    for name, value in given.items():
        if name not in known:
            raise OptionInvalid(f"there is no option {name!r}; options: {', '.join(sorted(known)) or 'none'}")
        values = known[name]
        if isinstance(values, tuple) and value not in values:
            raise OptionInvalid(f"option {name} does not take {value!r}; it takes: {', '.join(values)}")
    return {name: given.get(name, _default(values)) for name, values in known.items()}


def _default(values: str | tuple[str, ...]) -> str:
    return values if isinstance(values, str) else values[0]
