"""HTTP that can be trusted with an address from outside: public addresses only, resolved once and kept to, redirects included; paced, retried, cached, bounded."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import tenacity

from sequitur.errors import FetchError

_TRIES = 4
_LONGEST_WAIT = 60.0  # seconds that a service may ask to be left alone for
_MOST_BYTES = 30_000_000
_MOST_REDIRECTS = 5
_AGAIN = frozenset([429, 500, 502, 503, 504])
_TRANSLATED = tuple(
    ipaddress.ip_network(block) for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)  # carry an IPv4 inside


class Reply(NamedTuple):
    """What a service answered, and on which day: an answer from the cache keeps the day it was given."""

    body: str
    day: date


class Limits(NamedTuple):
    """How a service is treated. Times in seconds."""

    pause: float = 0.35  # between two requests to one host; NCBI asks for at most three a second
    timeout: float = 20.0  # without a byte
    deadline: float = 120.0  # for a whole answer
    fresh: float = 86_400.0  # age up to which a cached answer does
    first_wait: float = 1.0  # before a second try, doubled each time


POLITE = Limits()


class _Again(Exception):  # noqa: N818 - a state, no error of the user's
    """A failure that may pass: `wait` is how long the service asks for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class PublicOnly(httpx.BaseTransport):
    """Sends each request, redirects too, to an address that was resolved once, looked at, and is connected to as it is: a name cannot change its mind."""

    def __init__(self, allowed: frozenset[str] = frozenset(), resolve: Callable[[str, int], list[str]] | None = None) -> None:
        """`allowed`: addresses of the machine's own network that may be reached all the same."""
        self._allowed, self._resolve = allowed, resolve or _addresses
        self._inner = httpx.HTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            FetchError: its address is none of the public internet.
        """
        host = request.url.host
        if request.url.scheme not in {"http", "https"} or not host:
            message = f"{request.url.scheme}://{host} is not fetched: only http and https are"
            raise FetchError(message)
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        found = self._resolve(host, port)
        for address in found:
            if address not in self._allowed and not public(address):
                message = f"{host} is not fetched: its address {address} is inside this machine's own network"
                raise FetchError(message)
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=found[0]),
            headers=request.headers,  # with the Host of the name
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return self._inner.handle_request(pinned)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def public(address: str) -> bool:
    """Whether an address belongs to the public internet, and hides no other one inside."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and (parsed.ipv4_mapped or any(parsed in block for block in _TRANSLATED)):
        return False
    return parsed.is_global and not parsed.is_multicast


def _addresses(host: str, port: int) -> list[str]:
    """What a name resolves to.

    Raises:
        _Again: it does not resolve now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"{host} cannot be found"
        raise _Again(message) from error
    return [str(entry[4][0]) for entry in found]


class Fetcher:
    """GETs texts from services: paced by host, retried, cached on disk, never more than it was asked for."""

    def __init__(self, cache: Path, transport: httpx.BaseTransport, agent: str, limits: Limits = POLITE, *, refresh: bool = False) -> None:
        """`refresh`: pass over what is cached. `agent` names us to the services, with an address where the settings give one."""
        self._cache, self._limits, self._refresh = cache, limits, refresh
        self._last: dict[str, float] = {}
        self._client = httpx.Client(
            transport=transport,
            headers={"User-Agent": agent},
            timeout=limits.timeout,
            follow_redirects=True,
            max_redirects=_MOST_REDIRECTS,
            trust_env=False,
            event_hooks={"response": [_no_downgrade]},
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, service: str, url: str, parameters: Mapping[str, str] | None = None) -> Reply | None:
        """The text at an address; None where the service says that there is none.

        Raises:
            FetchError: the service cannot be reached, keeps failing, or must not be reached.
        """
        try:
            address = str(httpx.URL(url, params=dict(parameters) if parameters else None))
        except httpx.InvalidURL as error:
            message = f"{service}: {url!r} is no address ({error})"
            raise FetchError(message) from error
        path = self._cache / f"{hashlib.sha256(address.encode()).hexdigest()}.json"
        kept = None if self._refresh else _cached(path, self._limits.fresh)
        if kept is None:
            kept = _Kept(self._tried(service, address), datetime.now(UTC).isoformat())
            _keep(path, address, kept)
        day = datetime.fromisoformat(kept.when).date()
        return None if kept.body is None else Reply(kept.body, day)

    def _tried(self, service: str, address: str) -> str | None:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type((_Again, httpx.TransportError)),
            reraise=True,
        )
        try:
            return retrying(self._once, address)
        except FetchError as error:
            message = f"{service}: {error}"
            raise FetchError(message) from error
        except (_Again, httpx.HTTPError) as error:
            reason = str(error) if isinstance(error, _Again) else type(error).__name__
            message = f"{service} does not answer ({reason}): try again later"
            raise FetchError(message) from error

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """What the service asks for, within reason; else twice as long each time."""
        failed = state.outcome.exception() if state.outcome else None
        asked = failed.wait if isinstance(failed, _Again) else 0.0
        return min(_LONGEST_WAIT, max(asked, self._limits.first_wait * 2.0 ** (state.attempt_number - 1)))

    def _once(self, address: str) -> str | None:
        host = httpx.URL(address).host
        time.sleep(max(0.0, self._last.get(host, float("-inf")) + self._limits.pause - time.monotonic()))
        self._last[host] = time.monotonic()
        with self._client.stream("GET", address) as response:
            if response.status_code in _AGAIN:
                message = f"status {response.status_code}"
                raise _Again(message, _retry_after(response.headers.get("Retry-After", "")))
            if response.status_code in {404, 410}:
                return None
            if response.status_code != 200:
                message = f"it answers with status {response.status_code}"
                raise FetchError(message)
            return self._body(response)

    def _body(self, response: httpx.Response) -> str:
        read, ends = bytearray(), time.monotonic() + self._limits.deadline
        for piece in response.iter_bytes():
            read += piece
            if len(read) > _MOST_BYTES:
                message = f"it answers with more than {_MOST_BYTES // 1_000_000} MB"
                raise FetchError(message)
            if time.monotonic() > ends:
                message = f"not done after {self._limits.deadline:.0f} s"
                raise _Again(message)
        return read.decode("utf-8", errors="replace")


class _Kept(NamedTuple):
    body: str | None  # None: the service said that there is none
    when: str


def _cached(path: Path, fresh: float) -> _Kept | None:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        kept = _Kept(stored["body"], stored["when"])
        age = (datetime.now(UTC) - datetime.fromisoformat(kept.when)).total_seconds()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if 0 <= age <= fresh and isinstance(kept.body, str | None) else None


def _keep(path: Path, address: str, kept: _Kept) -> None:
    """Cache an answer, whole or not at all; a full disk costs the cache, not the answer."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        aside.write_text(json.dumps({"url": address, **kept._asdict()}, ensure_ascii=False), encoding="utf-8")
        aside.replace(path)


def _retry_after(value: str) -> float:
    """Seconds that a Retry-After header asks for, given as such or as a date."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _no_downgrade(response: httpx.Response) -> None:
    if not response.has_redirect_location or response.request.url.scheme != "https":
        return
    if response.request.url.join(response.headers["Location"]).scheme != "https":
        message = "it redirects from https to http"
        raise FetchError(message)
