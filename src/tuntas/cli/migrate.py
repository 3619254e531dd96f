"""`tuntas migrate`"""

import json

import typer

from tuntas.cli.options import EXIT_MISSING, DataDir, Json, fail


def migrate(data_dir: DataDir = None, as_json: Json = False) -> None:
    """Bring the database to the schema of this version; create it where there is none. Safe to repeat."""
    from tuntas.cli.environment import database_url, desk_settings
    from tuntas.store import migrations
    from tuntas.store.database import DatabaseUnusable

    settings = desk_settings(data_dir)
    with database_url(settings, create=True) as url:
        try:
            revision = migrations.upgrade(url)
        except DatabaseUnusable as error:
            fail(str(error), EXIT_MISSING)
    typer.echo(json.dumps({"revision": revision}) if as_json else f"The database is at revision {revision}.")
