"""Which resources are served."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from panelbridge.http.declaring import Resource
from panelbridge.http.routes import Route


def resource_routes() -> list[Route]:
    """The routes of every file in ``v1`` that declares a ``resource``, in order of path.

    Raises ``RuntimeError`` when two claim one name.
    """
    package = import_module("panelbridge.http.v1")
    found: dict[str, Route] = {}
    for module in iter_modules(package.__path__):
        resource = getattr(import_module(f"{package.__name__}.{module.name}"), "resource", None)
        for route in resource.routes if isinstance(resource, Resource) else ():
            if route.name in found:
                raise RuntimeError(f"the route name {route.name} is used twice")
            found[route.name] = route
    return sorted(found.values(), key=lambda route: (route.path, route.method))
