"""A certification authority for tests, by OpenSSL's own command."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Certificate(NamedTuple):
    file: Path
    key: Path


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *words], capture_output=True, check=True)


def self_signed(folder: Path, name: str, host: str = "localhost") -> Certificate:
    """It vouches for itself; as an authority it signs others too."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    _openssl(
        *("req", "-x509", *_KEY, "-days", "2", "-subj", f"/CN={host}"),
        *("-addext", f"subjectAltName=DNS:{host}", "-keyout", made.key, "-out", made.file),
    )
    return made


def signed(
    authority: Certificate, name: str, host: str = "localhost", days: int = 2
) -> Certificate:
    """Valid for so many days from now; with 0 it is over at once."""
    folder = authority.file.parent
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    request = folder / f"{name}.csr"
    _openssl(
        *("req", *_KEY, "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"),
        *("-keyout", made.key, "-out", request),
    )
    _openssl(
        *("x509", "-req", "-in", request, "-CA", authority.file, "-CAkey", authority.key),
        *("-CAcreateserial", "-copy_extensions", "copy", "-days", str(days), "-out", made.file),
    )
    return made
