"""What the payer holds: the bank's 3DS page, the wallet's app, the code at the till.

Midtrans, "Testing payment on sandbox".
"""
