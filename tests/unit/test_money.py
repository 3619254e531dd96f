import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuntas.domain.money import NotRupiah, parse_rupiah


@given(st.integers(min_value=0, max_value=10**14))
def test_every_amount_midtrans_writes_is_read_exactly(amount: int) -> None:
    assert parse_rupiah(f"{amount}.00") == amount


@pytest.mark.parametrize(
    "text",
    ["", "-1.00", "+1.00", "1.5", "1.01", "1,000.00", "1e3", "299000.000", " 1.00", "1.00\n", "٣.00", "NaN"],
)
def test_what_is_not_exactly_rupiah_is_refused(text: str) -> None:
    with pytest.raises(NotRupiah):
        parse_rupiah(text)
