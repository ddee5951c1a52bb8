"""The PHP module, put into a WHMCS on this machine: whole or not at all, and never over a newer one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from panelbridge.actions.refused import Refused
from whmcs_module_shim.module_version import VERSION_FILE, refuse_newer, version_in
from whmcs_module_shim.zip import Shipped, module_files


def put_into(root: Path) -> Shipped:
    """Into the WHMCS in the folder ``root``. Never over a newer one. Raises ``Refused``."""
    shipped = module_files()
    version = version_in(shipped[VERSION_FILE])
    servers = root / "modules" / "servers"
    if not servers.is_dir():
        raise Refused(
            "invalid_request",
            f"{root} is not the root folder of a WHMCS: it has no modules/servers",
            advice="Name the folder that holds WHMCS's configuration.php.",
        )
    place = servers / "panelbridge"
    if place.exists():
        known = place / VERSION_FILE
        refuse_newer(version_in(known.read_bytes()) if known.is_file() else (), version, place)
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
