"""The control plane is as its OpenAPI document says."""

from typing import Any

from simulator.tests.json_schema import problems
from starlette.routing import Route


def answer(document: dict[str, Any], method: str, path: str, *, good: bool = True) -> dict[str, Any]:
    call = document["paths"][path][method]["responses"]["200" if good else "4XX"]
    return call["content"]["application/json"]["schema"] | {"components": document["components"]}


def valid(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    schema.pop("components", None)
    assert problems(schema, value, root=document) == []


def test_it_describes_every_call_and_no_other(bench: Any) -> None:
    async def story(b: Any) -> None:
        document = (await b.api.get("/_control/openapi.json")).json()
        described = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
        app = b.api._transport.app
        served = {
            (method, route.path.removeprefix("/_control").replace(":path", ""))
            for route in app.routes
            if isinstance(route, Route) and route.path.startswith("/_control/")
            for method in route.methods or ()
            if method != "HEAD"
        }
        assert described == served

    bench(story)


def test_answers_are_as_described(bench: Any) -> None:
    async def story(b: Any) -> None:
        document = (await b.api.get("/_control/openapi.json")).json()
        await b.api.put("/_control/faults", json={"delay": {"by": "2s", "share": 0.1}, "fee": True})
        await b.begin("bca_va")
        await b.begin("gopay", "INV-2")
        await b.begin("credit_card", "INV-3", card_number="4911111111111113")
        b.endpoint.script = [b.reply(503)]
        await b.act("INV-2", "pay")
        request = {"payment_type": "gopay", "gopay_partner": {"phone_number": "8123456789"}}
        account = (await b.api.post("/v2/pay/account", json=request)).json()["account_id"]
        saved = (
            await b.api.get(
                "/v2/card/register",
                params={
                    "card_number": "4811111111111114",
                    "card_exp_month": "12",
                    "card_exp_year": "2039",
                },
            )
        ).json()["saved_token_id"]
        plan = {
            "name": "langganan",
            "amount": 14_000,
            "payment_type": "credit_card",
            "token": saved,
            "schedule": {"interval": 1, "interval_unit": "day"},
        }
        await b.api.post("/v1/subscriptions", json=plan)
        await b.quiet()
        for path in ("/state", "/clock", "/faults", "/deliveries"):
            reply = await b.api.get(f"/_control{path}")
            valid(document, answer(document, "get", path), reply.json())
        [first, *_] = (await b.api.get("/_control/deliveries")).json()
        calls: list[tuple[str, str, dict[str, Any]]] = [
            ("/transactions/{id}/{act}", "/transactions/INV-1/pay", {}),
            ("/clock", "/clock", {"advance": "1d"}),
            ("/deliveries/{id}/resend", f"/deliveries/{first['id']}/resend", {}),
            ("/accounts/{id}/link", f"/accounts/{account}/link", {}),
            ("/sink", "/sink", {"order_id": "INV-1"}),
            ("/reset", "/reset", {}),
        ]
        for path, address, body in calls:
            reply = await b.api.post(f"/_control{address}", json=body)
            assert reply.status_code == 200, reply.text
            valid(document, answer(document, "post", path), reply.json())

    bench(story)


def test_refusals_are_as_described(bench: Any) -> None:
    async def story(b: Any) -> None:
        document = (await b.api.get("/_control/openapi.json")).json()
        await b.begin("bca_va")
        for path, address, body in (
            ("/transactions/{id}/{act}", "/transactions/none/pay", {}),
            ("/transactions/{id}/{act}", "/transactions/INV-1/reverse", {}),
            ("/transactions/{id}/{act}", "/transactions/INV-1/dance", {}),
            ("/sessions/{token}/choose", "/sessions/none/choose", {}),
            ("/deliveries/{id}/resend", "/deliveries/none/resend", {}),
            ("/accounts/{id}/link", "/accounts/none/link", {}),
            ("/clock", "/clock", {"advance": "-1h"}),
            ("/clock", "/clock", {}),
        ):
            reply = await b.api.post(f"/_control{address}", json=body)
            assert 400 <= reply.status_code < 500
            valid(document, answer(document, "post", path, good=False), reply.json())

    bench(story)
