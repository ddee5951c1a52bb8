"""The HTTP face: routes, keys, problems and the OpenAPI document. The only Flask of the product."""

from __future__ import annotations
