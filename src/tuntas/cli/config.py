"""`tuntas config check`"""

import json
import os
from typing import TYPE_CHECKING, Any

import typer

from tuntas.cli.options import EXIT_UNUSABLE, DataDir, Json, fail

if TYPE_CHECKING:
    from tuntas.settings import Settings

app = typer.Typer(help="The configuration.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """The configuration."""


@app.command("check")
def check(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Check the configuration and show it; keys are masked. Exit code 2 when it cannot be used.

    While `tuntas dev` runs in this folder, what it runs with is shown.
    """
    from tuntas.cli.environment import (
        DevelopmentSettings,
        desk_settings,
        read_settings,
        running_dev,
        tell_doubts,
    )

    folder = read_settings(DevelopmentSettings, tuntas_data_dir=data_dir).tuntas_data_dir
    settings = desk_settings(data_dir) if running_dev(folder) else read_settings(tuntas_data_dir=data_dir)
    _refuse_unknown_names()
    _refuse_other_databases(settings)
    shown = _shown(settings)
    if as_json:
        typer.echo(json.dumps(shown | {"warnings": settings.warnings}))
        return
    width = max(map(len, shown))
    for name, value in shown.items():
        typer.echo(f"{name:<{width}}  {_readable(value)}")
    tell_doubts(settings)


def _refuse_unknown_names() -> None:
    """A setting that nothing reads is a mistake in its name: what was meant is not in force."""
    from tuntas.settings import unknown_names

    unknown = unknown_names(os.environ)
    if unknown:
        fail(
            "\n".join(
                f"configuration: {name} is no setting" + (f": did you mean {meant}?" if meant else "")
                for name, meant in unknown.items()
            ),
            EXIT_UNUSABLE,
        )


def _refuse_other_databases(settings: "Settings") -> None:
    if settings.database_url is not None:
        from tuntas.store.database import UnsupportedDatabase, driver_url

        try:
            driver_url(settings.database_url, "asyncpg")
        except UnsupportedDatabase as error:
            fail(f"configuration: {error}", EXIT_UNUSABLE)


def _shown(settings: "Settings") -> dict[str, Any]:
    from tuntas.midtrans.notification import WEBHOOK_PATH
    from tuntas.settings import mask

    previous = settings.midtrans_previous_server_key
    return {
        "Server Key": mask(settings.server_key),
        "Previous Server Key": mask(previous.get_secret_value()) if previous else None,
        "Client Key": mask(settings.midtrans_client_key),
        "Is Production": settings.midtrans_is_production,
        "Snap URL": settings.snap_url,
        "Core URL": settings.core_url,
        "snap.js URL": settings.snap_js_url,
        "Notification URL": settings.midtrans_notification_url,
        "Webhook": f"{settings.base_url}{WEBHOOK_PATH}",
        "Base URL": settings.base_url,
        "Database": "DATABASE_URL" if settings.database_url else f"embedded in {settings.tuntas_data_dir}",
        "Confirm": settings.confirm,
        "Refund revokes domain": settings.tuntas_refund_revokes_domain,
    }


def _readable(value: object) -> str:
    if isinstance(value, bool):
        return "YES" if value else "NO"
    return "-" if value is None else str(value)
