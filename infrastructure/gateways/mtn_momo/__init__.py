"""MTN Mobile Money: Collections take money by a push to a phone, Disbursements send it back and pay hosts."""
