"""The API's fixtures."""

from tests.api.conftest import shared, stack

__all__ = ["shared", "stack"]
