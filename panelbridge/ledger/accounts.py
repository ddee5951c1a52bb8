"""Accounts of the ledger: whose they are, and those without a limit."""

from __future__ import annotations

from typing import NewType

from panelbridge.ledger.credits import Credits

ResellerId = NewType("ResellerId", int)
AccountNumber = NewType("AccountNumber", int)

# The accounts without a limit. Their balance is the sum of their transfers and stands in no row.
STOCK = AccountNumber(1)  # the provider's; every top-up comes from it
CONSUMED = AccountNumber(2)  # what was delivered
ADJUSTMENT = AccountNumber(3)  # what a person added or took, with a reason
DEBT = AccountNumber(4)  # credits taken back that were spent already
FIRST_WALLET = AccountNumber(5)

ZERO = Credits(0)
