"""`/api/v1/config`: what a frontend needs to know, so that none of it is written into its code."""

from typing import Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from tuntas.http.caller import CurrentBackend
from tuntas.language import Language
from tuntas.settings import Settings

router = APIRouter(tags=["configuration"])


class ConfigOut(BaseModel):
    client_key: str = Field(description="Public: for `data-client-key`.")
    snap_js_url: str = Field(description="The script to load.")
    environment: Literal["sandbox", "production"]
    languages: list[Language]
    default_language: Language = Field(description="Where `Accept-Language` names none of them.")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            client_key=settings.midtrans_client_key,
            snap_js_url=settings.snap_js_url,
            environment="production" if settings.midtrans_is_production else "sandbox",
            languages=list(Language),
            default_language=Language(settings.tuntas_language),
        )


@router.get("/config", summary="What a frontend would otherwise hard-code")
async def config(backend: CurrentBackend) -> ConfigOut:
    """The client key, the address of snap.js, the environment and the languages. No log-in needed."""
    return ConfigOut.of(backend.settings)
