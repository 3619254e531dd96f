"""What Midtrans tells a merchant, and how it is carried there."""
