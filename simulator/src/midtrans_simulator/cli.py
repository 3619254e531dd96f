"""`midtrans-simulator`: start it, and it says where it is."""

import argparse
import contextlib
import sys
from datetime import datetime

from midtrans_simulator.protocol.wib import WIB
from midtrans_simulator.state.config import REDIRECT_PATHS, MerchantKeys, SimulatorConfig


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted, or `run` scenarios.

    Exit code 0; 1 for a bad address, state file or certificate, and for a failed scenario; 2 for wrong
    arguments.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["run"]:
        from midtrans_simulator.scenario import command

        return command.main(given[1:])
    return _serve(_parser().parse_args(given))


def _serve(options: argparse.Namespace) -> int:
    """The heavy half is loaded here, so that `--help` answers at once."""
    import sqlite3
    import ssl

    import uvicorn

    from midtrans_simulator.app import create_app
    from midtrans_simulator.notifications.tunnel import certificate, tunnel
    from midtrans_simulator.serving import address, listen

    with contextlib.ExitStack() as stack:
        try:
            listener = stack.enter_context(listen(options.host, options.port))
            proxy = (
                stack.enter_context(listen(options.host, options.proxy_port)) if options.tls_cert else None
            )
        except OSError as problem:
            return _fail(f"Cannot listen on {options.host}:{options.port}: {problem.strerror}")
        try:
            config = _config(options, address(listener))
        except ValueError as problem:
            return _fail(f"{problem}")
        try:
            app = create_app(config)
        except sqlite3.DatabaseError as problem:
            return _fail(f"{options.state} is no state file of the simulator: {problem}")
        if proxy is not None:
            try:
                context = certificate(options.tls_cert, options.tls_key)
            except (OSError, ssl.SSLError) as problem:
                return _fail(f"{options.tls_cert}: no certificate and key: {problem}")
            stack.enter_context(tunnel(proxy, context, listener.getsockname()[1]))
        _say(f"Midtrans simulator on {address(listener)}")
        if proxy is not None:
            _say(f"  proxy for clients that know only Midtrans's own addresses: {address(proxy)}")
        _say(f"  notifications to {config.notify_url or 'the URLs in X-Override-Notification only'}")
        keys = ", ".join(each.server_key for each in config.listed) or "every sandbox key is a merchant"
        _say(f"  server keys: {keys}")
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_level="warning", access_log=False, timeout_graceful_shutdown=3, lifespan="on"
            )
        )
        server.run(sockets=[listener])
    return 0


def _config(options: argparse.Namespace, own_address: str) -> SimulatorConfig:
    """Behind the proxy the Host is Midtrans's, so the simulator says its own address."""
    return SimulatorConfig(
        server_key=options.server_key[0] if options.server_key else None,
        more_server_keys=tuple(options.server_key[1:]) if options.server_key else (),
        client_key=options.client_key,
        merchants=tuple(options.merchant or ()),
        redirect_url=options.redirect_url,
        notify_url=options.notify,
        recurring_url=options.notify_recurring,
        finish_url=options.finish_url,
        unfinish_url=options.unfinish_url,
        error_url=options.error_url,
        merchant_name=options.merchant_name,
        language=options.language,
        control_hosts=tuple(options.control_host or ()),
        public_url=options.public_url or (own_address if options.tls_cert else None),
        state_file=options.state,
        start_time=options.start_time,
        speed=options.speed,
        seed=options.seed,
        strict=options.strict,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="midtrans-simulator",
        description="Midtrans on localhost. No real money.",
        epilog="`midtrans-simulator run --help`: scenarios.",
    )
    _add_places(parser.add_argument_group("addresses"))
    _add_merchants(parser.add_argument_group("merchants, and what their dashboard says"))
    _add_ways(parser.add_argument_group("time, memory and strictness"))
    return parser


def _add_places(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--host", default="127.0.0.1")
    group.add_argument("--port", type=int, default=8100, help="0 picks a free one (default: %(default)s)")
    group.add_argument(
        "--public-url", metavar="URL", help="how others reach it (default: as they ask for it)"
    )
    group.add_argument(
        "--control-host",
        action="append",
        metavar="NAME",
        help="a name besides localhost under which /_control and the dashboard answer; * for any",
    )
    group.add_argument("--notify", metavar="URL", help="your Payment Notification URL")
    group.add_argument("--notify-recurring", metavar="URL", help="for subscriptions (default: as --notify)")
    group.add_argument(
        "--tls-cert", metavar="FILE", help="open an HTTPS proxy to here, with this certificate for Midtrans"
    )
    group.add_argument("--tls-key", metavar="FILE", help="its key (default: in the same file)")
    group.add_argument(
        "--proxy-port", type=int, default=8101, help="0 picks a free one (default: %(default)s)"
    )


def _add_merchants(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--server-key",
        action="append",
        metavar="KEY",
        help="a merchant, may be repeated (default: every sandbox key is one)",
    )
    group.add_argument(
        "--client-key", metavar="KEY", help="of the merchants of --server-key (default: every sandbox key)"
    )
    group.add_argument(
        "--merchant",
        action="append",
        type=_merchant,
        metavar="ID,SERVER_KEY,CLIENT_KEY",
        help="a merchant with all three, may be repeated",
    )
    group.add_argument("--merchant-name", default="Toko Contoh", metavar="NAME")
    group.add_argument("--language", choices=("id", "en"), default="id", help="of messages and pages")
    group.add_argument(
        "--redirect-url",
        choices=tuple(REDIRECT_PATHS),
        default="v4",
        help="shape of redirect_url: of today, of the documents, of 2021 (default: %(default)s)",
    )
    group.add_argument("--finish-url", metavar="URL", help="where customers return to")
    group.add_argument("--unfinish-url", metavar="URL", help="where they return to without paying")
    group.add_argument("--error-url", metavar="URL", help="where they return to after too many failures")


def _add_ways(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--state", metavar="FILE", help="keep everything in this SQLite file through restarts")
    group.add_argument("--speed", type=_positive, default=1.0, help="virtual seconds per real second")
    group.add_argument("--start-time", type=_moment, metavar="ISO", help="when the virtual clock begins")
    group.add_argument("--seed", type=int, help="makes jitter and numbers repeatable")
    group.add_argument(
        "--strict", action="store_true", help="refuse what the documents do not allow but Midtrans takes"
    )


def _merchant(text: str) -> MerchantKeys:
    merchant_id, *keys = [part.strip() for part in text.split(",")]
    if not merchant_id or len(keys) != len(("server", "client")) or not all(keys):
        raise argparse.ArgumentTypeError("write ID,SERVER_KEY,CLIENT_KEY")
    return MerchantKeys(merchant_id, *keys)


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("speed is above 0")
    return value


def _moment(text: str) -> datetime:
    """ISO 8601; without an offset it is WIB."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=WIB)


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - what a command line program says
    return 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - what a command line program says
