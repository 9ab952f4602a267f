"""Import an optional package, or say in one sentence how to install it."""

from __future__ import annotations

import importlib
from types import ModuleType


def import_extra(package: str, *, extra: str, needed_by: str) -> ModuleType:
    """Import ``package``, which an extra of the distribution installs.

    Parameters
    ----------
    package : str
        Name to import, such as ``"PIL.Image"``.
    extra : str
        Name of the extra, such as ``"motion"``.
    needed_by : str
        What the caller was asked to do; it opens the error message.

    Returns
    -------
    module
        The imported package.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        distribution = {"PIL": "pillow", "rerun": "rerun-sdk"}.get(
            package.split(".")[0], package.split(".")[0]
        )
        raise ImportError(
            f'{needed_by} needs {distribution}; install it with: pip install "infoatlas[{extra}]"'
        ) from error
