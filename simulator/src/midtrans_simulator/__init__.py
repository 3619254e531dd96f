"""Midtrans on localhost: Snap, Core, the hosted payment page and signed notifications.

Numbers behind a rule, such as (7.2), are sections of the repository's `docs/midtrans.md`.
"""

from midtrans_simulator.app import create_app
from midtrans_simulator.config import SimulatorConfig
from midtrans_simulator.serving import running

__all__ = ["SimulatorConfig", "create_app", "running"]
