"""What one process answers a second of what customers look at: `user-profile`, and how a payment stands.

python -m bench reads [--seconds 5]
"""

import argparse
import json
import re
import subprocess
import urllib.request

from bench.shop import Shop, opened
from bench.wrk import installed

CONNECTIONS = 32
GOAL_RATE = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    seconds = parser.parse_args().seconds
    with opened(1) as shop:
        bearer, invitation_id = shop.customers[0]
        order_id = _order(shop, bearer, invitation_id)
        for name, path in (("user-profile", "user-profile"), ("a payment", f"payments/{order_id}")):
            rate, p99 = _rate(shop, bearer, f"/api/v1/{path}", seconds)
            print(f"{name:13} {rate:.0f}/s, p99 {p99} (goal {GOAL_RATE}/s, {rate / GOAL_RATE:.2f} of it)")


def _order(shop: Shop, bearer: str, invitation_id: int) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{shop.port}/api/midtrans/create-snap-token",
        json.dumps({"invitation_id": invitation_id}).encode(),
        {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:
        return str(json.load(reply)["order_id"])


def _rate(shop: Shop, bearer: str, path: str, seconds: int) -> tuple[float, str]:
    """Answers a second, and the 99th percentile as wrk writes it."""
    command = [
        installed(), "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s",
        "--latency", "--header", f"Authorization: Bearer {bearer}", f"http://127.0.0.1:{shop.port}{path}",
    ]  # fmt: skip
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+(\S+)", said)
    assert rate, said
    return float(rate[1]), p99[1] if p99 else "?"


if __name__ == "__main__":
    main()
