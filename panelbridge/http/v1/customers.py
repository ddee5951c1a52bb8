"""Where customers are served: `panelbridge/actions/customers.py` says what each does."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions import customer_forms as forms
from panelbridge.actions import customer_keeping, customer_sheets, customers
from panelbridge.actions import customer_views as views
from panelbridge.actions.fields import Body
from panelbridge.http.declaring import Resource
from panelbridge.http.routes import Action, Effect

resource = Resource(tag="customers")

_ONE = "/v1/customers/<int:number>"


def _changes(
    method: str,
    path: str,
    action: Action,
    *,
    body: type[Body] | None = None,
    status: int = 200,
    scope: Scope = Scope.PROVISION,
) -> None:
    """A change of a customer; its answer, which is kept, names nobody."""
    resource.write(
        method,
        path,
        action,
        scope=scope,
        body=body,
        answer=views.CustomerChanged,
        status=status,
        problems=(404,),
    )


resource.get(
    "/v1/customers",
    customers.list_customers,
    answer=views.CustomerPage,
    query=forms.CustomerQuery,
    problems=(404,),
)

resource.get(
    "/v1/customers.csv",
    customer_sheets.export_customers,
    query=forms.CustomerFilters,
    answer_type="text/csv",
    effect=Effect.CALLS,
    problems=(404,),
)

resource.write(
    "POST",
    "/v1/customers/imports",
    customer_sheets.import_customers,
    scope=Scope.PROVISION,
    body=customer_sheets.WantedImport,
    answer=customer_sheets.ImportReport,
    effect=Effect.ACTS,
    problems=(404,),
)

resource.get(_ONE, customers.show_customer, answer=views.CustomerView)

resource.get(f"{_ONE}/events", customers.show_timeline, answer=views.EventPage, query=forms.EventQuery)

resource.get(f"{_ONE}/notes", customer_keeping.list_notes, answer=views.NotePage, query=forms.NoteQuery)

_changes("POST", "/v1/customers", customers.add_customer, body=forms.NewCustomer, status=201)
_changes("PATCH", _ONE, customers.change_customer, body=forms.CustomerChange)
_changes("POST", f"{_ONE}/subscriptions", customers.link_subscription, body=forms.LinkedSubscription)
_changes("DELETE", f"{_ONE}/subscriptions/<int:subscription>", customers.unlink_subscription)
_changes("POST", f"{_ONE}/merge", customers.merge_customers, body=forms.Merging, scope=Scope.ADMIN)
_changes("POST", f"{_ONE}/notes", customer_keeping.add_note, body=forms.NewNote, status=201)
_changes("PATCH", f"{_ONE}/notes/<int:note>", customer_keeping.change_note, body=forms.NoteChange)
_changes("POST", f"{_ONE}/contacts", customer_keeping.add_contact, body=forms.NewContact, status=201)
_changes("DELETE", f"{_ONE}/contacts/<int:contact>", customer_keeping.remove_contact)
_changes("PATCH", f"{_ONE}/tags", customer_keeping.change_tags, body=forms.TagChange)
_changes("POST", f"{_ONE}/consents", customer_keeping.record_consent, body=forms.NewConsent, status=201)
