"""Settings of a Pterodactyl panel: its key, and the packages that are sold on it."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from panelbridge.contract.settings import HeaderSecret, PanelSettings

OTHER = "other"  # the package of a server whose limits are nobody's

PackageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$")]


class Limits(BaseModel):
    """Resources of a server, under the panel's own names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory: int = Field(ge=0, description="MiB; 0 = unlimited")
    swap: int = Field(default=0, ge=-1, description="MiB; -1 = unlimited")
    disk: int = Field(ge=0, description="MiB; 0 = unlimited")
    io: int = Field(default=500, ge=10, le=1000, description="weight against other servers")
    cpu: int = Field(ge=0, description="percent of one core; 0 = unlimited")
    threads: str | None = Field(default=None, description="cores it may use, such as 0-1,3")


class FeatureLimits(BaseModel):
    """How much a customer may make for himself. The panel wants all three every time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    databases: int = Field(default=0, ge=0)
    allocations: int = Field(default=0, ge=0)
    backups: int = Field(default=0, ge=0)


class ServerPackage(BaseModel):
    """What one package is: an egg with its start, limits, and where it may run. The panel has no packages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(default="", description="name for people; empty: the package's own")
    egg: int = Field(ge=1)
    docker_image: str = Field(min_length=1)
    startup: str = Field(min_length=1)
    environment: dict[str, str] = Field(default_factory=dict, description="the egg's variables")
    limits: Limits
    feature_limits: FeatureLimits = FeatureLimits()
    locations: tuple[int, ...] = Field(default=(), description="ids of locations; empty: any")
    dedicated_ip: bool = False
    port_range: tuple[str, ...] = ()

    @property
    def build(self) -> tuple[int, Limits, FeatureLimits]:
        """What a server of this package is known by."""
        return self.egg, self.limits, self.feature_limits

    @property
    def start(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.docker_image, self.startup, tuple(sorted(self.environment.items()))


class PterodactylSettings(PanelSettings):
    """One panel, an application key of it, and what is sold there."""

    api_key: HeaderSecret = Field(description="application API key (ptla_...)", min_length=1)
    packages: dict[PackageName, ServerPackage] = Field(
        default_factory=dict, description="by name: egg, docker_image, startup, environment, limits, ..."
    )
    plus_address: bool = Field(
        default=False,
        description="users as customer+login@example.com: the panel wants an address of its own for each",
    )
    install_wait: float = Field(
        default=20.0, ge=0, le=600, description="seconds one call waits for an installation"
    )
    poll_seconds: float = Field(default=2.0, gt=0, le=60, description="seconds between two looks at it")

    @model_validator(mode="after")
    def _packages_differ(self) -> Self:
        if OTHER in {name.casefold() for name in self.packages}:
            msg = f"packages: {OTHER!r} stands for a server of no package"
            raise ValueError(msg)
        if len({package.build for package in self.packages.values()}) < len(self.packages):
            msg = "packages: two of them have the same egg, limits and feature_limits"
            raise ValueError(msg)
        return self
