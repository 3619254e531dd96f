"""What a payment page costs on top of Midtrans's own time, and how long a crowd waits.

    python -m bench tokens

The load comes from this process, what is measured is `tuntas serve --processes 1`, Midtrans is a third one.
"""

import asyncio
import json
import statistics
import time

from bench.shop import Shop, opened

PACED_SECONDS, PACED_RATE = 10, 50
MIDTRANS_SECONDS = 0.1
CROWD, CROWD_MIDTRANS_SECONDS = 500, 0.5
WARM = 50
"""Asked before anything is measured."""
GOAL_MEDIAN_MS, GOAL_P99_MS, GOAL_CROWD_SECONDS = 5, 15, 2.5


refused: list[str] = []
"""How answers began that were no token."""


def main() -> None:
    with opened(WARM + PACED_SECONDS * PACED_RATE, gateway_seconds=MIDTRANS_SECONDS) as shop:
        ours = [(took - MIDTRANS_SECONDS) * 1e3 for took in asyncio.run(_paced(shop))]
    median, p99 = statistics.median(ours), statistics.quantiles(ours, n=100)[98]
    with opened(WARM + CROWD, gateway_seconds=CROWD_MIDTRANS_SECONDS) as shop:
        crowd = asyncio.run(_at_once(shop))
    print(f"a token at {PACED_RATE}/s      {median:.1f} ms of ours, median (goal {GOAL_MEDIAN_MS})")
    print(f"                    {p99:.1f} ms, p99 (goal {GOAL_P99_MS})")
    print(
        f"{CROWD} tokens at once  {crowd:.2f} s with a Midtrans that takes {CROWD_MIDTRANS_SECONDS:g} s"
        f" (goal {GOAL_CROWD_SECONDS:g})"
    )
    if refused:
        print(f"refused             {len(refused)}, which makes the figures above worthless: {set(refused)}")


async def _paced(shop: Shop) -> list[float]:
    """How long each took, in seconds: they are asked for at the pace, whether answered or not."""
    await asyncio.gather(*(_ask(shop, customer) for customer in shop.customers[:WARM]))
    asked = []
    begun = time.perf_counter()
    for place, customer in enumerate(shop.customers[WARM:]):
        await asyncio.sleep(max(0.0, begun + place / PACED_RATE - time.perf_counter()))
        asked.append(asyncio.create_task(_ask(shop, customer)))
    return await asyncio.gather(*asked)


async def _at_once(shop: Shop) -> float:
    """Until the last of the crowd has a token, in seconds."""
    await asyncio.gather(*(_ask(shop, customer) for customer in shop.customers[:WARM]))
    begun = time.perf_counter()
    await asyncio.gather(*(_ask(shop, customer) for customer in shop.customers[WARM:]))
    return time.perf_counter() - begun


async def _ask(shop: Shop, customer: tuple[str, int]) -> float:
    bearer, invitation_id = customer
    body = json.dumps({"invitation_id": invitation_id}).encode()
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
    writer.write(
        b"POST /api/midtrans/create-snap-token HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
        % (bearer.encode(), len(body), body)
    )
    answer = await reader.read()
    took = time.perf_counter() - begun
    writer.close()
    if b" 201 " not in answer[:20]:
        refused.append(answer.partition(b"\r\n")[0].decode())
    return took


if __name__ == "__main__":
    main()
