"""A private PostgreSQL cluster on a free port of this machine, thrown away at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


def program(name: str) -> str | None:
    """Where a program of PostgreSQL's is; Debian keeps them off the path."""
    found = shutil.which(name)
    return found or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None)


def why_not() -> str | None:
    """Why no cluster can be run here; None when one can."""
    if program("initdb") is None or program("postgres") is None:
        return "no PostgreSQL is installed: apt-get install postgresql"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL does not run as root, and there is no setpriv to leave root"
    return None


@contextmanager
def cluster() -> Iterator[str]:
    """The address "127.0.0.1:port" of a running cluster whose superuser is `tester`, without a password."""
    folder = Path(tempfile.mkdtemp(prefix="sequitur-postgres-"))
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    if user:
        os.chown(folder, NOBODY, NOBODY)
    data = str(folder / "data")
    made = [*user, str(program("initdb")), "-D", data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-p", str(port)]
    with subprocess.Popen(
        [*user, str(program("postgres")), "-D", data, *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _until_open(port)
            yield f"127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)  # stops without waiting for clients
            server.wait(30)
            shutil.rmtree(folder, ignore_errors=True)


def _until_open(port: int) -> None:
    import pg8000.dbapi

    for _ in range(200):
        try:
            pg8000.dbapi.connect(user="tester", host="127.0.0.1", port=port, database="postgres").close()
        except (pg8000.dbapi.Error, OSError):
            time.sleep(0.1)
        else:
            return
    message = "PostgreSQL did not start"
    raise RuntimeError(message)
