"""Stripe: cards by PaymentIntents that are captured by hand, hosts by connected accounts. Its SDK asks the questions.

Card numbers never come here: the payer's client confirms a PaymentIntent with its client secret.
"""
