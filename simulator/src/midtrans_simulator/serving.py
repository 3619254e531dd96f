"""A simulator on a real socket: in this process's own thread, or until interrupted."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn

from midtrans_simulator.app import create_app
from midtrans_simulator.state.config import SimulatorConfig

_STOPS_WITHIN = 10.0


@contextlib.contextmanager
def running(config: SimulatorConfig, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve in a thread; gives the address. Port 0 picks a free one. Raises OSError for a taken one."""
    app = create_app(config)
    listener = listen(host, port)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1, lifespan="on")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="midtrans-simulator")
    thread.start()
    try:
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join(_STOPS_WITHIN)
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket on which callers wait in line from now, and are not refused. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket, *, scheme: str = "http") -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
