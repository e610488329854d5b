"""The WSGI app for a server that a test starts: settings come from the environment as they always do."""

from __future__ import annotations

import os

from infrastructure.bootstrap import wire
from infrastructure.settings import load
from tests.api.stack import app_of

app = app_of(wire(load(os.environ), wake=lambda: None))
