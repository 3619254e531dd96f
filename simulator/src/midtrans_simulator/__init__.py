"""Midtrans on localhost: Snap, Core, the hosted payment page and signed notifications.

The names are loaded when they are first used: `midtrans-simulator --help` does not wait for a web server.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from midtrans_simulator.app import create_app
    from midtrans_simulator.serving import running
    from midtrans_simulator.state.config import MerchantKeys, SimulatorConfig

__all__ = ["MerchantKeys", "SimulatorConfig", "create_app", "running"]

_HOMES = {
    "MerchantKeys": "midtrans_simulator.state.config",
    "SimulatorConfig": "midtrans_simulator.state.config",
    "create_app": "midtrans_simulator.app",
    "running": "midtrans_simulator.serving",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
