"""A certificate authority of one's own and the server's certificate, for HTTPS on this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

_NAMES = ("localhost", "127.0.0.1", "::1")


class CertificateUnavailable(OSError):
    """The file for the authority's certificate cannot be written."""


class Certificates:
    """What HTTPS needs for one run: the authority's key is never written anywhere.

    Without a file of its own the authority's certificate goes into a temporary one, which
    `discard` removes.
    """

    def __init__(self, ca_file: Path | None, hosts: Iterable[str] = ()) -> None:
        import trustme

        authority = trustme.CA()
        names = dict.fromkeys((*_NAMES, *filter(_is_certifiable, hosts)))
        self._is_temporary = ca_file is None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(self.context)
        try:
            self.ca_file = _temporary_file() if ca_file is None else ca_file.resolve()
            self.ca_file.write_bytes(authority.cert_pem.bytes())
        except OSError as exc:
            raise CertificateUnavailable(
                f"The certificate file {ca_file} cannot be written: {exc.strerror}."
            ) from exc

    def discard(self) -> None:
        """Remove the authority's certificate if nobody asked for it by name."""
        if self._is_temporary:
            with contextlib.suppress(OSError):
                self.ca_file.unlink()


def _temporary_file() -> Path:
    handle, name = tempfile.mkstemp(prefix="mock-dataverse-", suffix="-ca.pem")
    os.close(handle)
    return Path(name)


def _is_certifiable(host: str) -> bool:
    """Tell whether clients can use a host by its name; `0.0.0.0` is every address and none."""
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return bool(host)
