"""What server and workers of one installation call each other: names on the scheduler, and how they encrypt."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation.core.errors import BadConfiguration

if TYPE_CHECKING:
    from distributed import Security

    from webapp.settings import Settings

INSTALLATION_FILE = "installation.json"
PULSE_S = 1.0
"""How often a worker says that it still works on a job."""


@dataclass(frozen=True)
class Names:
    """Names of one installation on a scheduler, so that several installations can share one.

    Attributes:
        installation: Random id of the data folder: who reads the same one works for the same installation.
    """

    installation: str

    @property
    def resource(self) -> str:
        """Of which a worker has one, and each job takes one."""
        return f"spineview-{self.installation}"

    @property
    def reports(self) -> str:
        """Topic of what workers tell the server."""
        return f"{self.resource}-reports"

    @property
    def stops(self) -> str:
        """Topic of what the server asks workers to stop."""
        return f"{self.resource}-stops"


def read_names(data_dir: Path) -> Names:
    """Read the names of the installation whose data folder this is; the first who asks chooses its id.

    Raises:
        BadConfiguration: this is no data folder, or it cannot be written.
    """
    path = data_dir / INSTALLATION_FILE
    if not (data_dir / "studies").is_dir():
        raise BadConfiguration("worker.no_data_folder", folder=data_dir)
    if not path.exists():
        _choose(path)
    try:
        return Names(str(json.loads(path.read_text(encoding="utf-8"))["id"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadConfiguration("worker.bad_installation", file=path) from error


def require_dask() -> None:
    """Raise BadConfiguration if Dask is not installed; import nothing."""
    if importlib.util.find_spec("distributed") is None:
        raise BadConfiguration("worker.no_dask")


def security_of(settings: Settings) -> Security | None:
    """Make what encrypts the connections, for a ``tls://`` scheduler; None for ``tcp://``."""
    if not settings.dask_scheduler.startswith("tls://"):
        return None
    from distributed import Security

    own = {"cert": str(settings.dask_cert_file), "key": str(settings.dask_key_file)}
    roles = {f"tls_{role}_{part}": value for role in ("client", "worker") for part, value in own.items()}
    return Security(tls_ca_file=str(settings.dask_ca_file), require_encryption=True, **roles)


def _choose(path: Path) -> None:
    """Write an id, unless somebody else is first: a link is made once, on shared folders too."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(16)}")
    try:
        draft.write_text(json.dumps({"id": secrets.token_hex(8)}), encoding="utf-8")
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise BadConfiguration(
            "worker.cannot_write", folder=path.parent, reason=error.strerror or str(error)
        ) from error
    finally:
        draft.unlink(missing_ok=True)
