"""Settings of a Jellyfin or Emby server: its dialect, its key, and the packages that are sold on it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from panelbridge.contract.settings import BaseUrl, HeaderSecret, PanelSettings

EVERYTHING = "everything"  # what the server gives a new user by itself: never sold, so never ours and whole
NOTHING = "nothing"  # what a user has whose creation is under way

PackageName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$")]
FolderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class Dialect(StrEnum):
    """Which of the two servers it is: they share a past and most of their paths."""

    JELLYFIN = "jellyfin"
    EMBY = "emby"


class FolderPackage(BaseModel):
    """What one package lets a user see. The server knows no packages: these are ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: frozenset[FolderId] = Field(
        default=frozenset(), description="ids of media folders; testing the connection shows them"
    )
    live_tv: bool = Field(default=False, description="may watch live television")
    connections: int | None = Field(
        default=None, ge=0, description="sessions at the same time where a plan says none; 0 = unlimited"
    )
    title: str = Field(default="", description="name for people; empty: the package's own")

    @property
    def grants(self) -> tuple[frozenset[str], bool]:
        return frozenset(map(guid_key, self.folders)), self.live_tv

    def connections_for(self, ordered: int | None) -> int | None:
        """What was ordered, else what the package says; None leaves them as they are."""
        return self.connections if ordered is None else ordered

    @model_validator(mode="after")
    def _grants_something(self) -> Self:
        if not self.folders and not self.live_tv:
            msg = "a package needs folders or live_tv: a user who may see nothing is one not finished yet"
            raise ValueError(msg)
        return self


class JellyfinSettings(PanelSettings):
    """One server, the key that administers it, and what is sold there."""

    player_url: BaseUrl | None = Field(default=None, description="where players connect; left out: base_url")

    dialect: Dialect = Field(default=Dialect.JELLYFIN, description="jellyfin or emby")
    api_key: HeaderSecret = Field(
        description="API key of the server (it acts as administrator)", min_length=1
    )
    packages: dict[PackageName, FolderPackage] = Field(
        default_factory=dict, description="by name: folders, live_tv, connections, title"
    )
    login_attempts: int = Field(
        default=-1,
        ge=-1,
        description="jellyfin: bad passwords until the server locks an account; -1 never, 0 its default",
    )
    old_password_path: bool = Field(
        default=False, description="jellyfin: an older release, which sets passwords below /Users/{id}/"
    )
    # A user is about 3 kB, and Jellyfin gives its whole list as one reply.
    max_reply_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, description="a larger reply is refused")

    @model_validator(mode="after")
    def _packages_differ(self) -> Self:
        if {EVERYTHING, NOTHING} & {name.casefold() for name in self.packages}:
            msg = f"packages: {EVERYTHING!r} and {NOTHING!r} are names of states, not of packages"
            raise ValueError(msg)
        if len({package.grants for package in self.packages.values()}) < len(self.packages):
            msg = "packages: two of them grant the same; sell other connections by plans instead"
            raise ValueError(msg)
        if self.dialect is Dialect.EMBY and any(p.connections is not None for p in self.packages.values()):
            msg = "packages: connections are not known well enough on Emby to be sold"
            raise ValueError(msg)
        return self


def guid_key(folder_id: str) -> str:
    """Ids are GUIDs, with or without dashes and in either case: one form to compare."""
    return folder_id.replace("-", "").lower()
