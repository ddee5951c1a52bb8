"""A 429 is said by a proxy in front of the panel, too, with a page of its own: nothing has happened."""

from __future__ import annotations

import pytest

from panelbridge import Outcome, PanelError
from panelbridge.transport import PanelReply
from panelbridge_declarative.description.load import load, shipped
from panelbridge_declarative.description.places import rules
from panelbridge_declarative.operations.outcomes import judge
from panelbridge_declarative.operations.replies import read
from panelbridge_declarative.practice import practice_of
from tests.adapters.declarative.conftest import SOON, Start, order_of

PAGE = b"<!DOCTYPE html><html><head><title>429 Too Many Requests</title></head><body>nginx</body></html>"
HTML = "text/html; charset=UTF-8"
FACTS = {"domain": "maria.example", "email": "maria@customer.example"}


@pytest.mark.parametrize("name", shipped())
def test_every_request_of_every_description_takes_a_proxys_page_for_a_rate_limit(name: str) -> None:
    headers = {"Content-Type": HTML, "Retry-After": "7"}
    reply = PanelReply(status=429, headers=headers, body=PAGE)
    spec = load(name).spec
    for place in rules(spec):
        verdict = judge(place.all, read(reply, spec.reply))
        assert (place.key, verdict.outcome.value, verdict.retry_after) == (place.key, "rate_limited", 7.0)


@pytest.mark.parametrize("name", shipped())
def test_a_write_that_a_proxy_held_back_did_nothing_and_waits(name: str, practised: Start) -> None:
    panel = practised(name)
    package = next(iter(practice_of(name).setups.values())).package
    needs = {fact.value: FACTS[fact.value] for fact in panel.adapter.capabilities.needs}
    order = order_of(package=package, until=SOON, options=needs)
    panel.practice.control.set_reply("create", status=429, content_type=HTML, body=PAGE)
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(order)
    assert (caught.value.code, caught.value.outcome) == ("panel_rate_limited", Outcome.RETRY_LATER)
    assert panel.practice.control.books()["accounts"] == {}
    assert panel.adapter.create(order).outcome is Outcome.DONE


def test_a_page_of_another_status_still_proves_nothing(practised: Start) -> None:
    panel = practised("marzban")
    panel.practice.control.set_reply("create", status=503, content_type=HTML, body=PAGE)
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(order_of(package="1", until=SOON))
    assert caught.value.outcome is Outcome.UNKNOWN
