"""Several merchants with ids and keys of their own, and the shapes that `redirect_url` has had."""

from typing import Any

import pytest

from midtrans_simulator.cli import _config, _parser, main
from midtrans_simulator.state.config import MerchantKeys, SimulatorConfig

ANGGREK = MerchantKeys("G111111111", "Mid-server-anggrek", "Mid-client-anggrek")
MELATI = MerchantKeys("M222222", "SB-Mid-server-melati", "SB-Mid-client-melati")
BOTH: dict[str, Any] = {"merchants": (ANGGREK, MELATI), "server_key": None, "client_key": None}


async def token(b: Any, keys: MerchantKeys, order_id: str = "INV-1") -> str:
    body = {"transaction_details": {"order_id": order_id, "gross_amount": 10_000}}
    reply = await b.api.post("/snap/v1/transactions", json=body, auth=(keys.server_key, ""))
    assert reply.status_code == 201, reply.text
    return str(reply.json()["token"])


def test_each_merchant_is_told_under_its_own_id_and_sees_its_own_orders(bench: Any) -> None:
    async def story(b: Any) -> None:
        for keys in (ANGGREK, MELATI):
            await b.choose(await token(b, keys), "bca_va")
        await b.quiet()
        assert {post.body["merchant_id"] for post in b.endpoint.posts} == {"G111111111", "M222222"}
        for keys in (ANGGREK, MELATI):
            told = (await b.api.get("/v2/INV-1/status", auth=(keys.server_key, ""))).json()
            assert told["merchant_id"] == keys.id

    bench(story, **BOTH)


def test_a_page_opens_only_with_the_client_key_of_its_merchant(bench: Any) -> None:
    async def story(b: Any) -> None:
        made = await token(b, ANGGREK)
        own = await b.api.get(f"/snap/v4/popup?token={made}&client_key={ANGGREK.client_key}")
        assert 'data-view="methods"' in own.text
        other = await b.api.get(f"/snap/v4/popup?token={made}&client_key={MELATI.client_key}")
        assert 'data-view="closed"' in other.text

    bench(story, **BOTH)


def test_only_listed_keys_are_known(bench: Any) -> None:
    async def story(b: Any) -> None:
        for key, status in ((ANGGREK.server_key, 200), ("SB-Mid-server-stranger", 401)):
            assert (await b.api.get("/v2/x/status", auth=(key, ""))).status_code == status
        for key, status in ((str(MELATI.client_key), 200), ("SB-Mid-client-stranger", 401)):
            assert (await b.api.get("/v1/bins/45563300", auth=(key, ""))).status_code == status

    bench(story, **BOTH)


def test_the_command_reads_several_merchants() -> None:
    lines = [f"--merchant={keys.id},{keys.server_key},{keys.client_key}" for keys in (ANGGREK, MELATI)]
    config = _config(_parser().parse_args([*lines, "--redirect-url", "v3"]), "http://127.0.0.1:8100")
    assert config.listed == (ANGGREK, MELATI)
    assert config.redirect_url == "v3"


@pytest.mark.parametrize("wrong", ["G1", "G1,key", ",a,b", "G1,a,b,c", "G1,,b"])
def test_a_merchant_that_is_not_three_parts_is_refused(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        _parser().parse_args(["--merchant", wrong])
    assert "write ID,SERVER_KEY,CLIENT_KEY" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shape", "path"),
    [("v4", "/snap/v4/redirection/"), ("v3", "/snap/v3/redirection/"), ("v2", "/snap/v2/vtweb/")],
)
def test_a_redirect_url_has_the_shape_that_was_asked_for(bench: Any, shape: str, path: str) -> None:
    """Of today, of the documents, of 2021."""

    async def story(b: Any) -> None:
        body = {"transaction_details": {"order_id": "INV-1", "gross_amount": 10_000}}
        made = (await b.api.post("/snap/v1/transactions", json=body)).json()
        assert made["redirect_url"] == f"http://simulator.test{path}{made['token']}"
        assert (await b.api.get(made["redirect_url"])).status_code == 200

    bench(story, redirect_url=shape)


def test_a_shop_without_sb_keys_starts_a_trial_order(bench: Any) -> None:
    async def story(b: Any) -> None:
        trial = (await b.api.post("/_dashboard/trial")).json()
        assert trial["merchant"] == "G111111111"

    bench(story, **BOTH)
    assert SimulatorConfig().listed == ()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--merchant=G1,a,b", "--merchant=G1,c,d"], "two merchants have the same id: G1"),
        (["--merchant=G1,a,b", "--merchant=G2,a,d"], "two merchants have the same server_key: a"),
        (["--server-key=a", "--merchant=G2,a,d"], "two merchants have the same server_key: a"),
    ],
)
def test_merchants_that_contradict_each_other_are_refused_at_the_start(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", "0", *options]) == 1
    assert sentence in capsys.readouterr().err
