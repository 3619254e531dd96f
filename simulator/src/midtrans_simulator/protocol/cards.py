"""The sandbox's card numbers (Midtrans, "Testing payment on sandbox") and what each of them makes happen."""

import re
from dataclasses import dataclass
from enum import StrEnum

from midtrans_simulator.protocol.model import Fraud, Status, Verdict

OTP = "112233"
CVV = "123"
SLOW_SECONDS = 60
_FUNDS = 30_000
_NUMBER = re.compile(r"[0-9]{13,19}")


class ThreeDS(StrEnum):
    """What happens between the card form and the verdict."""

    FULL = "full"
    """The customer is asked for the OTP."""
    ATTEMPTED = "attempted"
    """The bank has no 3DS for the card: no prompt, lower ECI."""
    FRICTIONLESS = "frictionless"
    """The bank is sure without asking."""


class Brand(StrEnum):
    VISA = "VISA"
    MASTERCARD = "MASTERCARD"
    JCB = "JCB"
    AMEX = "AMEX"
    CUP = "CUP"
    PRIVATE_LABEL = "PRIVATE LABEL"


_BRANDS = (
    ("34", Brand.AMEX),
    ("37", Brand.AMEX),
    ("35", Brand.JCB),
    ("4", Brand.VISA),
    ("2", Brand.MASTERCARD),
    ("5", Brand.MASTERCARD),
    ("6", Brand.CUP),
    ("1", Brand.PRIVATE_LABEL),
)

BANK_NAMES = {
    "bca": "bank central asia",
    "bni": "bank negara indonesia",
    "bri": "bank rakyat indonesia",
    "cimb": "bank cimb niaga",
    "danamon": "bank danamon",
    "mandiri": "bank mandiri",
    "maybank": "bank maybank indonesia",
    "mega": "bank mega",
}
_OTHER_BINS = {"45563300": "bca"}
"""BINs that the documents show without a test card behind them (Midtrans, "BIN API")."""
_BIN_SHORT, _BIN_LENGTH = 6, 8
_ANY_BANK = "cimb"


class Answer(StrEnum):
    ACCEPT = "accept"
    BANK_DENY = "bank_deny"
    FRAUD_DENY = "fraud_deny"
    CHALLENGE = "challenge"
    NO_FUNDS = "no_funds"
    NO_FUNDS_ABOVE_30000 = "no_funds_above_30000"
    NOT_AUTHENTICATED = "not_authenticated"
    SLOW_ACCEPT = "slow_accept"
    """Pending first, accepted 60 seconds later."""


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    answer: Answer
    three_ds: ThreeDS
    bank: str
    """Who issued it; for cards of no bank in particular, who the sandbox says did."""
    listed: bool = True
    """False: in no table of the sandbox, hence denied."""

    @property
    def brand(self) -> Brand | None:
        return brand(self.number)

    @property
    def masked(self) -> str:
        """`48111111-1114`: eight digits, a dash, the last four."""
        return f"{self.number[:8]}-{self.number[-4:]}"

    def verdict(self, rupiah: int, *, authenticated: bool) -> Verdict:
        """What is said about a charge of `rupiah`; `authenticated`: 3DS was asked for and passed."""
        answer = self.answer
        if answer is Answer.NO_FUNDS_ABOVE_30000:
            answer = Answer.NO_FUNDS if rupiah > _FUNDS else Answer.ACCEPT
        eci = _eci(self) if authenticated else None
        if answer is Answer.NOT_AUTHENTICATED:
            return NOT_AUTHENTICATED
        status, fraud, code, message = _VERDICTS[answer]
        delay = SLOW_SECONDS if answer is Answer.SLOW_ACCEPT else 0
        return Verdict(status, fraud, code, message, eci, delay)


_VERDICTS = {
    Answer.ACCEPT: (Status.CAPTURE, Fraud.ACCEPT, "00", "Approved"),
    Answer.SLOW_ACCEPT: (Status.CAPTURE, Fraud.ACCEPT, "00", "Approved"),
    Answer.CHALLENGE: (Status.CAPTURE, Fraud.CHALLENGE, "00", "Approved"),
    Answer.NO_FUNDS: (Status.DENY, Fraud.ACCEPT, "51", "Insufficient Funds"),
    Answer.BANK_DENY: (Status.DENY, Fraud.ACCEPT, "05", "Do not honor"),
    Answer.FRAUD_DENY: (Status.DENY, Fraud.DENY, "05", "Do not honor"),
}
NOT_AUTHENTICATED = Verdict(Status.DENY, Fraud.ACCEPT, "05", "Card is not authenticated.", "07")


def find(number: str) -> Card:
    """The card with this number (digits only). One that is in no table is denied by its bank."""
    known = CARDS.get(number)
    if known is not None:
        return known
    return Card(number, Answer.BANK_DENY, ThreeDS.FULL, issuer(number) or _ANY_BANK, listed=False)


def issuer(digits: str) -> str | None:
    """The bank behind a card number or its first six to eight digits; None for a bank no table knows."""
    if digits[:_BIN_LENGTH] in _OTHER_BINS:
        return _OTHER_BINS[digits[:_BIN_LENGTH]]
    same = [card for card in CARDS.values() if card.number[:_BIN_SHORT] == digits[:_BIN_SHORT]]
    closest = [card for card in same if card.number.startswith(digits[:_BIN_LENGTH])]
    found = closest or same
    return found[0].bank if found else None


def brand(digits: str) -> Brand | None:
    """By the first digits; None when no scheme begins so."""
    return next((named for first, named in _BRANDS if digits.startswith(first)), None)


def denial(bank: str, code: str, message: str) -> str:
    """The `status_message` of a card that its bank refused."""
    return f"Deny by Bank [{bank.upper()}] with code [{code}] and message [{message}]"


def plausible(number: str) -> bool:
    """13 to 19 digits with a right check digit."""
    if not _NUMBER.fullmatch(number):
        return False
    total = 0
    for position, character in enumerate(reversed(number)):
        total += sum(divmod(int(character) * (1 + position % 2), 10))
    return total % 10 == 0


def _eci(card: Card) -> str:
    mastercard = card.brand is Brand.MASTERCARD
    if card.three_ds is ThreeDS.ATTEMPTED:
        return "01" if mastercard else "06"
    return "02" if mastercard else "05"


def _rows(answer: Answer, three_ds: ThreeDS, *numbers: str, bank: str = _ANY_BANK) -> list[Card]:
    return [Card(number.replace(" ", ""), answer, three_ds, bank) for number in numbers]


_LISTED = [
    *_rows(
        Answer.ACCEPT,
        ThreeDS.FULL,
        "4811 1111 1111 1114",
        "5211 1111 1111 1117",
        "3528 2033 2456 4357",
        "3701 9216 9722 458",
        "3486 3826 7931 507",
        "4916 9940 6425 2017",
        "5306 8899 4283 3340",
    ),
    *_rows(
        Answer.ACCEPT,
        ThreeDS.FULL,
        "4617 0069 5974 6656",
        "5573 3810 7219 6900",
        "4097 6611 1111 1113",
        bank="mandiri",
    ),
    *_rows(Answer.ACCEPT, ThreeDS.FULL, "4599 2078 8712 2414", "5481 1698 1883 2479", bank="cimb"),
    *_rows(
        Answer.ACCEPT,
        ThreeDS.FULL,
        "4105 0586 8948 1467",
        "5264 2210 3887 4659",
        "1946 4159 8148 7684",
        bank="bni",
    ),
    *_rows(Answer.ACCEPT, ThreeDS.FULL, "4773 7760 5705 1650", "5229 9031 3685 3172", bank="bca"),
    *_rows(Answer.ACCEPT, ThreeDS.FULL, "4365 0263 3573 7199", "5520 0298 7089 9100", bank="bri"),
    *_rows(Answer.ACCEPT, ThreeDS.FULL, "4201 9100 0000 0009", "5221 0300 0000 0009", bank="mega"),
    *_rows(Answer.ACCEPT, ThreeDS.FULL, "4055 7720 2603 6004", "5520 0867 5210 2334", bank="maybank"),
    *_rows(Answer.ACCEPT, ThreeDS.FULL, "6212 4878 9242 5802"),
    *_rows(
        Answer.ACCEPT,
        ThreeDS.ATTEMPTED,
        "4617 0017 4194 2101",
        "5573 3819 9982 5417",
        "4097 6611 1111 1139",
        bank="mandiri",
    ),
    *_rows(Answer.ACCEPT, ThreeDS.ATTEMPTED, "4599 2039 9705 2898", "5481 1671 2103 2563", bank="cimb"),
    *_rows(Answer.ACCEPT, ThreeDS.ATTEMPTED, "4105 0525 4151 2148", "5264 2249 7176 1016", bank="bni"),
    *_rows(Answer.ACCEPT, ThreeDS.ATTEMPTED, "4773 7738 1098 1190", "5229 9073 6430 3610", bank="bca"),
    *_rows(Answer.ACCEPT, ThreeDS.ATTEMPTED, "4365 0278 6723 2690", "5520 0254 8646 8439", bank="bri"),
    *_rows(Answer.ACCEPT, ThreeDS.ATTEMPTED, "4201 9100 0000 0017", "5221 0300 0000 0017", bank="mega"),
    *_rows(Answer.ACCEPT, ThreeDS.ATTEMPTED, "4055 7713 3514 4012", "5520 0867 7490 8452", bank="maybank"),
    *_rows(Answer.ACCEPT, ThreeDS.ATTEMPTED, "6212 4895 0662 1198"),
    *_rows(
        Answer.ACCEPT,
        ThreeDS.ATTEMPTED,
        "4411 1111 1111 1118",
        "5410 1111 1111 1116",
        "3528 8680 4786 4225",
        "3737 4772 6661 940",
    ),
    *_rows(
        Answer.ACCEPT,
        ThreeDS.FRICTIONLESS,
        "4556 5579 5572 6624",
        "4024 0071 8944 9340",
        "5333 2591 5564 3223",
        "3415 0209 8634 895",
    ),
    *_rows(
        Answer.BANK_DENY,
        ThreeDS.FULL,
        "4911 1111 1111 1113",
        "5111 1111 1111 1118",
        "3528 5129 4493 2269",
        "3742 9635 4400 881",
        "4604 6331 9421 9929",
        "5424 1840 4982 1670",
    ),
    *_rows(Answer.BANK_DENY, ThreeDS.FULL, "4617 0085 6083 1760", bank="mandiri"),
    *_rows(Answer.BANK_DENY, ThreeDS.FULL, "4599 2060 0973 3090", bank="cimb"),
    *_rows(Answer.BANK_DENY, ThreeDS.FULL, "4105 0541 4854 1363", bank="bni"),
    *_rows(Answer.BANK_DENY, ThreeDS.FULL, "4773 7752 0201 1809", bank="bca"),
    *_rows(Answer.BANK_DENY, ThreeDS.FULL, "4365 0286 6251 2583", bank="bri"),
    *_rows(
        Answer.BANK_DENY,
        ThreeDS.ATTEMPTED,
        "4711 1111 1111 1115",
        "5511 1111 1111 1114",
        "3528 9097 7983 7631",
        "3703 5609 7975 856",
    ),
    *_rows(
        Answer.BANK_DENY,
        ThreeDS.FRICTIONLESS,
        "4485 4364 5535 4151",
        "5328 7203 8458 2224",
        "4705 8595 1098 4866",
        "5597 5189 2656 1951",
    ),
    *_rows(
        Answer.FRAUD_DENY,
        ThreeDS.ATTEMPTED,
        "4611 1111 1111 1116",
        "5411 1111 1111 1115",
        "3528 1852 6717 1623",
        "3780 9621 8340 018",
    ),
    *_rows(
        Answer.CHALLENGE,
        ThreeDS.FULL,
        "4511 1111 1111 1117",
        "5510 1111 1111 1115",
        "3528 6731 1280 9398",
        "3706 6568 4049 309",
    ),
    *_rows(Answer.NO_FUNDS, ThreeDS.FULL, "4472 4298 6999 6670"),
    *_rows(Answer.NO_FUNDS_ABOVE_30000, ThreeDS.FULL, "4806 0000 0000 0081"),
    *_rows(
        Answer.SLOW_ACCEPT,
        ThreeDS.FRICTIONLESS,
        "4024 0071 7626 5022",
        "5487 9716 3133 0522",
        "3451 9777 1649 926",
    ),
    *_rows(
        Answer.NOT_AUTHENTICATED,
        ThreeDS.FRICTIONLESS,
        "4716 1250 5984 7899",
        "5250 5486 9206 9390",
        "4723 2494 7908 2225",
        "5555 6666 7777 1111",
    ),
]

CARDS: dict[str, Card] = {card.number: card for card in _LISTED}
