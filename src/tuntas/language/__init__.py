"""What people read, in Indonesian and English: sentences by key, amounts, dates. Standard library only."""

from tuntas.language.catalogue import Language, text
from tuntas.language.formats import date, date_time, rupiah
from tuntas.language.negotiation import negotiate

__all__ = ["Language", "date", "date_time", "negotiate", "rupiah", "text"]
