"""Card tokens and saved cards: what stands in for a card number. Here numbers are play money too.

Seen live.
"""

import secrets
import string
import uuid
from datetime import timedelta

from midtrans_simulator.gateway import Gateway
from midtrans_simulator.protocol import cards
from midtrans_simulator.protocol.model import CardToken, SavedCard

TOKEN_LIFE = timedelta(minutes=10)
SAVED_LIFE = timedelta(days=365 * 5)
_LETTERS = string.ascii_letters + string.digits


def tokenize(gateway: Gateway, number: str) -> CardToken:
    """A token for one charge. The uuid in it becomes the charge's transaction_id."""
    made = CardToken(f"{cards.find(number).masked}-{uuid.uuid4()}", number, gateway.now() + TOKEN_LIFE)
    gateway.card_tokens.put(made)
    return made


def save(gateway: Gateway, number: str) -> SavedCard:
    """A saved_token_id: eight digits, twenty letters and digits, the last four; good until its end."""
    middle = "".join(secrets.choice(_LETTERS) for _ in range(20))
    saved = SavedCard(f"{number[:8]}{middle}{number[-4:]}", number, gateway.now() + SAVED_LIFE)
    gateway.saved_cards.put(saved)
    return saved


def peek(gateway: Gateway, token_id: str) -> CardToken | SavedCard | None:
    """The card behind a token or a saved_token_id; None when there is none, or no longer."""
    found = gateway.card_tokens.get(token_id) or gateway.saved_cards.get(token_id)
    return found if found is not None and gateway.now() < found.expires_at else None


def spend(gateway: Gateway, token_id: str) -> CardToken | SavedCard | None:
    """As `peek`; a token is gone after it, a saved card stays."""
    found = peek(gateway, token_id)
    if isinstance(found, CardToken):
        gateway.card_tokens.remove(found)
    return found
