"""A certificate authority of a test's own, by the openssl program."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.tools import need

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate and its key, PEM."""

    file: str
    key: str


class Authority:
    """Keys and certificates in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self.file, self._key = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
        self._run("req", "-x509", *_KEY, "-keyout", self._key, "-out", self.file, "-days", "2", "-subj", f"/CN={name}")

    def issue(self, name: str, alternative: str = "IP:127.0.0.1", days: int = 2) -> Certificate:
        """A certificate for a name, and an address or host name; negative days are over already."""
        path = self._folder / f"{self._name}-{name}"
        given = Certificate(f"{path}.pem", f"{path}.key")
        Path(f"{path}.ext").write_text(f"subjectAltName={alternative}\n")
        self._run("req", *_KEY, "-keyout", given.key, "-out", f"{path}.csr", "-subj", f"/CN={name}")
        signed = ("-CA", self.file, "-CAkey", self._key, "-CAcreateserial", "-days", str(days), "-extfile", f"{path}.ext")
        self._run("x509", "-req", "-in", f"{path}.csr", *signed, "-out", given.file)
        return given

    @staticmethod
    def _run(*words: str) -> None:
        subprocess.run([need("openssl"), *words], check=True, capture_output=True)
