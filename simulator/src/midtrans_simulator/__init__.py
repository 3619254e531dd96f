"""Midtrans on localhost: Snap, Core, the hosted payment page and signed notifications."""

from midtrans_simulator.app import create_app
from midtrans_simulator.serving import running
from midtrans_simulator.state.config import SimulatorConfig

__all__ = ["SimulatorConfig", "create_app", "running"]
