"""The PHP module that this release ships, and its zip."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from panelbridge.actions.refused import Refused
from whmcs_module_shim.module_version import INSIDE, VERSION_FILE, refuse_newer, version_in, version_in_zip

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
    if VERSION_FILE not in found:
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
    version = version_in(shipped[VERSION_FILE])
    if path.exists():
        refuse_newer(version_in_zip(path), version, path)
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
