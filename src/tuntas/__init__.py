"""Tuntas: carries each Midtrans payment through to its end."""
