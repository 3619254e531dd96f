"""The command line answers: in words, with what to do next, and with an exit code that scripts rely on."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.command import DONE, MISSING, SANDBOX, UNUSABLE, WRONG, Result, tuntas
from tests.program import ran
from tests.stand import PRICE, Stand

pytestmark = pytest.mark.anyio


async def command(stand: Stand, *words: str) -> Result:
    where = {"DATABASE_URL": stand.database_url, "MIDTRANS_CORE_URL": stand.simulator_url}
    return await asyncio.to_thread(tuntas, *words, **SANDBOX, **where)


def test_version_short_help_and_completion(tmp_path: Path) -> None:
    assert tuntas("--version").out.startswith("tuntas 0.")
    assert tuntas("-h").out == tuntas("--help").out
    assert tuntas("orders", "list", "-h").code == DONE
    asked = {"_TUNTAS_COMPLETE": "complete_bash", "COMP_WORDS": "tuntas orders s", "COMP_CWORD": "2"}
    assert ran(tmp_path, **asked).stdout.split() == ["show", "sync"]
    asked |= {"COMP_WORDS": "tuntas orders list --status p", "COMP_CWORD": "4"}
    assert ran(tmp_path, **asked).stdout.split() == ["pending", "paid"]
    for shell in ("zsh", "fish"):
        asked = {"_TUNTAS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "tuntas orders s"}
        told = ran(tmp_path, **asked, _TYPER_COMPLETE_FISH_ACTION="get-args").stdout
        assert "show" in told, shell
        assert "sync" in told, shell
        assert "list" not in told, shell
    for shell in ("bash", "zsh", "fish"):
        assert f"complete_{shell}" in ran(tmp_path, _TUNTAS_COMPLETE=f"source_{shell}").stdout
    assert "complete_bash" in ran(tmp_path, "--show-completion", SHELL="/bin/bash").stdout


@pytest.mark.parametrize(
    "words",
    [
        ["logs"],
        ["orders", "list"],
        ["orders", "show", "INV-1"],
        ["orders", "sync", "INV-1"],
        ["sync"],
        ["doctor"],
        ["packages", "list"],
        ["webhook", "list"],
        ["refund", "INV-1", "--reason", "x"],
        ["jobs", "run", "check"],
        ["worker"],
    ],
    ids=" ".join,
)
def test_a_command_in_the_wrong_folder_says_where_it_looked_and_makes_nothing(
    tmp_path: Path, words: list[str]
) -> None:
    data_dir = tmp_path / "nothing-here"
    result = tuntas(*words, "--data-dir", data_dir, **SANDBOX)
    assert (result.code, result.out) == (MISSING, "")
    assert str(data_dir) in result.err
    for hint in ("DATABASE_URL", "--data-dir", "tuntas dev", "tuntas migrate"):
        assert hint in result.err
    assert not data_dir.exists()


async def test_what_is_mistyped_is_an_error_and_not_silence(stand: Stand) -> None:
    for words, code, hint in (
        (["orders", "list", "--status", "payed"], UNUSABLE, "paid"),
        (["orders", "show", "INV-none"], MISSING, "INV-none"),
        (["orders", "sync", "INV-none"], MISSING, "INV-none"),
        (["orders", "end-time", "INV-none", "--reason", "x"], MISSING, "INV-none"),
        (["webhook", "list", "--outcome", "aplied"], UNUSABLE, "applied"),
        (["webhook", "list", "--order", "INV-none"], MISSING, "INV-none"),
        (["webhook", "send", "INV-none", "capture", "--fraud", "maybe"], UNUSABLE, "challenge"),
        (["webhook", "send", "INV-none", "capture", "--amount", "-1"], UNUSABLE, "amount"),
        (["resolve", "999", "--note", "x"], MISSING, "tuntas doctor"),
        (["sync", "--older-than", "a day"], UNUSABLE, "1h"),
    ):
        result = await command(stand, *words)
        assert (result.code, result.out) == (code, ""), words
        assert hint in result.err


async def test_an_order_is_shown_in_words(stand: Stand) -> None:
    order_id = await stand.order()
    fresh = await command(stand, "orders", "show", order_id)
    assert "Payments          none yet" in fresh.out
    await stand.pay(order_id, "bca_va")
    await stand.control("clock", advance="1s")
    given_back = ("--by-hand", "--amount", "100000", "--to", "BCA 123, Rani", "--reference", "FT-1")
    await command(stand, "refund", order_id, *given_back, "--reason", "potongan", "--on", "2026-01-02")
    shown = (await command(stand, "orders", "show", order_id)).out
    for part in (
        "paid, Rp299.000; Rp100.000 given back",
        "Rani Demo <demo@tuntas.test>",
        "rani-bima",
        "Kenanga, 365 days",
        "partial_refund, Rp299.000 by bank_transfer",
        "confirmed, Rp100.000 by hand, 2026-01-02 00:00:00 WIB",
        "to BCA 123, Rani; reference FT-1",
        "reason potongan",
    ):
        assert part in shown, part
    assert "+00:00" not in shown
    listed = (await command(stand, "orders", "list", "--status", "paid")).out
    assert "Rp299.000  (Rp100.000 given back)" in listed
    document = (await command(stand, "orders", "show", order_id, "--json")).json
    assert document["customer"] == {"name": "Rani Demo", "email": "demo@tuntas.test"}
    assert (document["domain"], document["gross_amount"]) == ("rani-bima", PRICE)


async def test_paid_time_is_ended_by_a_recorded_act(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    ended = await command(stand, "orders", "end-time", order_id, "--reason", "dipakai menipu")
    assert (ended.code, ended.out) == (DONE, "The paid time has ended.\n")
    assert (await stand.invitation())["domain_expires_at"] is None
    assert "ended by hand: dipakai menipu" in (await command(stand, "orders", "show", order_id)).out
    again = await command(stand, "orders", "end-time", order_id, "--reason", "lagi", "--json")
    assert again.json == {"order_id": order_id, "had_time": False}
    told = (await command(stand, "logs", "--order", order_id, "--event", "operator_act")).out
    assert told.count("act end_paid_time; note dipakai menipu") == 1
    assert "lagi" not in told
    assert (await command(stand, "doctor")).code == DONE


async def test_a_transfer_of_a_day_to_come_is_refused(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement")
    tomorrow = (stand.backend.clock.now() + timedelta(days=2)).strftime("%Y-%m-%d")
    given_back = ("--by-hand", "--amount", "1000", "--to", "BCA 123", "--reference", "FT-1", "--reason", "x")
    refused = await command(stand, "refund", order_id, *given_back, "--on", tomorrow)
    assert refused.code == UNUSABLE
    assert "--on" in refused.err


async def test_dry_and_real_runs_say_what_they_did(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"drop": {}})
    await stand.pay(order_id)
    dry = await command(stand, "orders", "sync", order_id, "--dry-run")
    assert dry.code == WRONG
    assert f"Nothing was changed. To take this in: tuntas orders sync {order_id}" in dry.err
    all_dry = await command(stand, "sync", "--dry-run")
    assert (all_dry.code, "nothing was changed. To take them in: tuntas sync" in all_dry.err) == (WRONG, True)
    real = await command(stand, "sync")
    assert (real.code, "1 taken in, 0 still there" in real.err) == (DONE, True)
    assert (await command(stand, "orders", "sync", order_id)).out == "Nothing differs.\n"


async def test_the_doctor_says_what_to_do_with_the_number_to_close_it(stand: Stand) -> None:
    order_id = await stand.order()
    await stand.notify(order_id, "settlement", gross_amount="1000.00")
    told = await command(stand, "doctor")
    assert told.code == WRONG
    assert f"tuntas orders accept {order_id}" in told.out
    assert "payments " in told.out, "what the alert holds beside its kind"
    assert "{" not in told.out
    await stand.notify("INV-of-another-shop", "settlement")
    number = next(
        line["alert"]
        for line in (await command(stand, "doctor", "--json")).lines
        if line["kind"] == "unknown_order"
    )
    told = await command(stand, "doctor")
    assert f"tuntas resolve {number} --note …" in told.out
    closed = await command(stand, "resolve", str(number), "--note", "uji coba")
    assert closed.code == DONE


async def test_why_a_token_failed_is_in_the_log_that_people_read(stand: Stand) -> None:
    await stand.http.put(f"{stand.simulator_url}/_control/faults", json={"api_down": {}})
    assert not (await stand.ask_token()).is_success
    told = (await command(stand, "logs", "--event", "token_failed")).out
    assert "messages" in told
    (line,) = (await command(stand, "logs", "--event", "token_failed", "--json")).lines
    for message in line["detail"]["messages"]:
        assert message in told
