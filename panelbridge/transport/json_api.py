"""JSON over HTTP with a closed list of refusals: whatever is not on it proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from panelbridge.contract.exceptions import ContractBroken, PanelError
from panelbridge.contract.secret import Secret
from panelbridge.contract.settings import PanelSettings
from panelbridge.transport.session import PanelSession


class JsonApi:
    """A panel's endpoints; a subclass names its refusals: status and error word, and what they mean."""

    refusals: ClassVar[Mapping[tuple[int, str], type[PanelError]]] = {}
    successes: ClassVar[frozenset[int]] = frozenset({200, 201})

    def __init__(
        self, settings: PanelSettings, *, headers: Mapping[str, str], secrets: Iterable[Secret]
    ) -> None:
        self._session = PanelSession(settings, secrets=secrets, headers=headers)

    def call(self, method: str, path: str, body: Any = None, **query: str | None) -> Any:
        """The JSON of a success; a query of ``None`` is left out.

        Only reads are repeated: a lost write may land late, after a newer verb. Raises the refusal that is
        listed, else ``ContractBroken``; and what ``PanelSession`` raises.
        """
        reads = method == "GET"
        reply = self._session.request(method, path, json=body, query=query or None, repeatable=reads)
        answer = reply.json()
        if reply.status in self.successes:
            return answer
        refusal = self.refusals.get((reply.status, self.error_word(answer)))
        if refusal is None:
            raise ContractBroken(f"the panel answered {reply.status} without an error of its documented list")
        raise refusal(f"the panel refuses: {self.error_word(answer)}")

    def error_word(self, answer: Any) -> str:
        """Where the panel's answers name the error; here in ``error``."""
        return str(answer.get("error", "")) if isinstance(answer, dict) else ""

    def close(self) -> None:
        self._session.close()
