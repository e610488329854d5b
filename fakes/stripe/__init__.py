"""A Stripe of our own: what Lodger uses of its API, a ledger that anybody may look into, and ways to go wrong.

    python -m fakes.stripe --port 12111 [--data FILE] [--webhook-secret whsec_…]

Any `sk_test_…` key is accepted. What a test or a developer tells it beside Stripe's API is under `/fake/`
(`fakes.stripe.control`). With `--data` everything outlives the process, however that ends.
"""
