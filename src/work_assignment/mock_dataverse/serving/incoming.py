"""A request as it comes off the wire, before anybody knows whom it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..faults import Fault, bad_request, not_emulated, segment_not_found
from ..requests.exchanges import LONGEST_URL, Request, parse_query

Environ: TypeAlias = dict[str, Any]

# The version may be a whole one, as RetrieveVersion tells it.
_ROOT = re.compile(r"/api/data/(v9\.\d(?:\.\d+){0,2})(?:/|$)", re.ASCII)
_OTHER_SERVICES = {
    "/api/search/": "Dataverse search",
    "/api/backgroundoperation/": "background operations",
    "/XRMServices/": "the SOAP endpoints",
}
# Some HTTP libraries encode the sign that $batch and $metadata begin with.
_ENCODED_DOLLAR = re.compile(r"^%24")
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Incoming:
    """An HTTP request; `path` is still percent-encoded, `headers` are lower-case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    scheme: str
    body: bytes

    @property
    def origin(self) -> str:
        """Scheme and host as the client used them; whatever proxies add says nothing here."""
        return f"{self.scheme}://{self.headers.get('host', '')}"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.path}{'?' if self.query else ''}{self.query}"


def read_incoming(environ: Environ, body: bytes) -> Incoming:
    uri = str(environ["REQUEST_URI"]).encode("latin-1").decode("utf-8", "replace")
    path, _, query = uri.partition("?")
    return Incoming(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=query,
        headers=_headers(environ),
        scheme=environ["wsgi.url_scheme"],
        body=body,
    )


def read_request(incoming: Incoming) -> Request:
    """Read a request of the Web API; HEAD is GET whose body the server keeps to itself."""
    check_host(incoming)
    if len(incoming.url) > LONGEST_URL:
        raise Fault(414, "0x80060888", f"The URL is too long: more than {LONGEST_URL} characters.")
    matched = _ROOT.match(incoming.path)
    if matched is None:
        raise _no_web_api(incoming.path)
    return Request(
        method="GET" if incoming.method == "HEAD" else incoming.method,
        path=_ENCODED_DOLLAR.sub("$", incoming.path[matched.end() :].strip("/")),
        query=parse_query(incoming.query),
        headers=incoming.headers,
        body=incoming.body,
        root=f"{incoming.origin}/api/data/{matched[1]}/",
    )


def _no_web_api(path: str) -> Fault:
    for beginning, service in _OTHER_SERVICES.items():
        if path.startswith(beginning):
            return not_emulated(service)
    return segment_not_found(path.strip("/"))


def check_host(incoming: Incoming) -> None:
    """Refuse a host that no link could be built from."""
    host = incoming.headers.get("host", "")
    if not host:
        raise bad_request("The request has no Host header, which the links of an answer follow.")
    if _HOST.fullmatch(host) is None:
        raise bad_request(f"The Host header '{host}' is no host name with a port.")


def unread_request(incoming: Incoming) -> Request:
    """Stand in for a request whose URL could not be read, for the answer that says so."""
    return Request(incoming.method, "", {}, incoming.headers, b"", f"{incoming.origin}/")


def _headers(environ: Environ) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    return headers
