"""Run the fake: `python -m fakes.stripe --port 12111`."""

from __future__ import annotations

import argparse
import logging

from werkzeug.serving import make_server

from fakes.stripe.server import create_app
from fakes.stripe.store import Store
from fakes.stripe.webhooks import Postman


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fakes.stripe")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", default=":memory:", help="a file that everything is kept in")
    parser.add_argument("--webhook-secret", default="whsec_fake", help="what webhooks are signed with")
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    store = Store(options.data)
    Postman(store, options.webhook_secret).start()
    make_server("127.0.0.1", options.port, create_app(store), threaded=True).serve_forever()


if __name__ == "__main__":
    main()
