"""Fixtures for shops that test with pytest: a simulator on a free port, emptied before each test.

    def test_an_order_is_paid(midtrans_simulator, shop):
        token = midtrans_simulator.create_token("INV-1", 299_000)
        midtrans_simulator.choose(token, "bca_va")
        midtrans_simulator.pay("INV-1")
        midtrans_simulator.quiet()
        assert shop.order("INV-1").paid

Override `midtrans_simulator_config` to say where notifications go and which keys are used.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # every pytest run in the environment loads this file; only tests that ask load the rest
    from midtrans_simulator.client import Simulator
    from midtrans_simulator.state.config import SimulatorConfig


@pytest.fixture(scope="session")
def midtrans_simulator_config() -> "SimulatorConfig":
    """The settings of the session's simulator. Override it."""
    from midtrans_simulator.state.config import DEFAULT_CLIENT_KEY, DEFAULT_SERVER_KEY, SimulatorConfig

    return SimulatorConfig(server_key=DEFAULT_SERVER_KEY, client_key=DEFAULT_CLIENT_KEY, seed=1)


@pytest.fixture(scope="session")
def midtrans_simulator_url(midtrans_simulator_config: "SimulatorConfig") -> Iterator[str]:
    """The address of the session's simulator, for the settings of the shop under test."""
    from midtrans_simulator.serving import running

    with running(midtrans_simulator_config) as url:
        yield url


@pytest.fixture
def midtrans_simulator(
    midtrans_simulator_url: str, midtrans_simulator_config: "SimulatorConfig"
) -> Iterator["Simulator"]:
    """A simulator without sessions, transactions, deliveries and faults."""
    from midtrans_simulator.client import Simulator
    from midtrans_simulator.state.config import DEFAULT_CLIENT_KEY, DEFAULT_SERVER_KEY

    config = midtrans_simulator_config
    server_key, client_key = config.server_key or DEFAULT_SERVER_KEY, config.client_key or DEFAULT_CLIENT_KEY
    with Simulator(midtrans_simulator_url, server_key=server_key, client_key=client_key) as simulator:
        simulator.reset()
        yield simulator
