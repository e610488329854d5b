"""The same booking as a good team would write it with Django and Django REST framework, to measure ours against.

PostgreSQL, a row lock on the property, an overlap query with an index, DRF's token authentication, a table of
idempotency keys in the same transaction. Nothing is left out that makes it fast: pooled connections, prepared
statements, no middleware that it does not need. Not checked by mypy: Django's classes are made at run time.
"""
