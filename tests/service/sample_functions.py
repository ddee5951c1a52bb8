"""Functions that tests register beside the product's own: they tell what reached them."""

from __future__ import annotations

from pydantic import SecretStr

from panelbridge.http.auth import Caller
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls import (
    AccountView,
    FunctionRegistry,
    Kind,
    ModuleAnswer,
    OperationView,
    Result,
    ServiceRequest,
)

SAMPLES = FunctionRegistry()
SEEN: list[ServiceRequest] = []


class SampleRequest(ServiceRequest):
    password: SecretStr | None = None


@SAMPLES.function("SampleChange", kind=Kind.MUTATES, request=SampleRequest)
def sample_change(services: Services, caller: Caller, request: SampleRequest) -> ModuleAnswer:
    """Tell what was asked."""
    SEEN.append(request)
    return ModuleAnswer(
        message="changed",
        operation=OperationView(id=17, verb="create", state="done", outcome="done"),
        data={"budget": caller.budget, "plan": request.plan},
    )


@SAMPLES.function("SamplePending", kind=Kind.MUTATES, request=ServiceRequest)
def sample_pending(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Answer that it takes longer."""
    return ModuleAnswer(
        result=Result.PENDING,
        message="in progress",
        operation=OperationView(id=18, verb="create", state="sent"),
    )


@SAMPLES.function("SampleRead", kind=Kind.READS, request=ServiceRequest)
def sample_read(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Tell an account."""
    SEEN.append(request)
    return ModuleAnswer(message="read", account=AccountView(state="active"))


@SAMPLES.function("SampleBroken", kind=Kind.READS, request=ServiceRequest)
def sample_broken(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Fail in a way nobody foresaw."""
    secret = "pb_live_abcdefghij_" + "s3cr3t" * 7
    raise RuntimeError(f"boom with {secret} and https://joe:hunter2@panel.example/x?username=u1&password=p1")
