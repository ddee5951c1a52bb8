"""The PHP module that this release ships: as a zip, or put into a WHMCS on this machine."""

from __future__ import annotations

import io
import os
import re
import shutil
import zipfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from panelbridge.actions.refused import Refused

INSIDE = "modules/servers/panelbridge"
_VERSION_FILE = "lib/Version.php"
_VERSION = re.compile(r"NUMBER\s*=\s*'([0-9]+(?:\.[0-9]+)*)")
_DAY = (2020, 1, 1, 0, 0, 0)  # the same bytes whenever it is made


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """What was written."""

    version: tuple[int, ...]
    files: int
    place: Path


def module_files() -> dict[str, bytes]:
    """What ships, by its path inside the module's folder, in order."""
    with as_file(files("whmcs_module_shim") / "php" / "modules" / "servers" / "panelbridge") as folder:
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        }
    if _VERSION_FILE not in found:
        raise Refused(
            "configuration",
            "this installation lacks the PHP module",
            advice="Install panelbridge from its wheel.",
        )
    return found


def build_zip(shipped: dict[str, bytes]) -> bytes:
    """The zip's bytes: the same for the same module, wherever and whenever they are made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(shipped.items()):
            entry = zipfile.ZipInfo(f"{INSIDE}/{name}", _DAY)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


def write_zip(path: Path) -> Shipped:
    """A zip, to unpack in WHMCS's root folder. Never over a newer one. Raises ``Refused``."""
    shipped = module_files()
    version = _version_in(shipped[_VERSION_FILE])
    if path.exists():
        _refuse_newer(_version_in_zip(path), version, path)
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(build_zip(shipped))
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise Refused(
            "configuration",
            f"{path} cannot be written: {error.strerror}",
            advice="Choose a folder you may write to.",
        ) from None
    return Shipped(version=version, files=len(shipped), place=path)


def put_into(root: Path) -> Shipped:
    """Into the WHMCS in the folder ``root``. Never over a newer one. Raises ``Refused``."""
    shipped = module_files()
    version = _version_in(shipped[_VERSION_FILE])
    servers = root / "modules" / "servers"
    if not servers.is_dir():
        raise Refused(
            "invalid_request",
            f"{root} is not the root folder of a WHMCS: it has no modules/servers",
            advice="Name the folder that holds WHMCS's configuration.php.",
        )
    place = servers / "panelbridge"
    if place.exists():
        known = place / _VERSION_FILE
        _refuse_newer(_version_in(known.read_bytes()) if known.is_file() else (), version, place)
    fresh, old = servers / ".panelbridge.new", servers / ".panelbridge.old"
    try:
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
        _lay_out(fresh, shipped, servers)
        if place.exists():
            place.rename(old)
        fresh.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise Refused(
            "configuration",
            f"{place} cannot be written: {error.strerror}",
            advice="Run it as a user who may write there, or use --zip.",
        ) from None
    return Shipped(version=version, files=len(shipped), place=place)


def _lay_out(folder: Path, shipped: dict[str, bytes], like: Path) -> None:
    """The files, owned by whoever owns WHMCS's folder when we may give them away."""
    for name, content in shipped.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    owner = like.stat()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        if os.geteuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)


def _refuse_newer(found: tuple[int, ...], ours: tuple[int, ...], where: Path) -> None:
    if not found:
        raise Refused(
            "code_taken",
            f"{where} is not a panelbridge module, and it is not overwritten",
            advice="Choose another name, or move it away first.",
        )
    if found > ours:
        raise Refused(
            "code_taken",
            f"{where} holds version {'.'.join(map(str, found))}, newer than this release's",
            advice="Upgrade the bridge first. To go back on purpose, move the newer one away.",
        )


def _version_in_zip(path: Path) -> tuple[int, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            return _version_in(archive.read(f"{INSIDE}/{_VERSION_FILE}"))
    except (zipfile.BadZipFile, KeyError, OSError):
        return ()


def _version_in(content: bytes) -> tuple[int, ...]:
    match = _VERSION.search(content.decode("utf-8", "replace"))
    return tuple(int(part) for part in match[1].split(".")) if match else ()
