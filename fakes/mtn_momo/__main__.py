"""`python -m fakes.mtn_momo --port 8700`: serves until it is killed."""

from __future__ import annotations

import argparse
import logging

from flask import Flask
from werkzeug.serving import make_server

from fakes.mtn_momo.api import Api
from fakes.mtn_momo.callbacks import Callbacks
from fakes.mtn_momo.control import control
from fakes.mtn_momo.failpoints import Failpoints
from fakes.mtn_momo.ledger import Ledger
from fakes.mtn_momo.wallets import Wallets


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fakes.mtn_momo", description="A stand-in of MTN Mobile Money.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--data", default=":memory:", help="the file of its ledger, which outlives it")
    parser.add_argument("--collection-key", default="collection", help="the subscription key of Collections")
    parser.add_argument("--disbursement-key", default="disbursement", help="the subscription key of Disbursements")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    keys = {"collection": given.collection_key, "disbursement": given.disbursement_key}
    make_server(given.host, given.port, app(Ledger(given.data), keys), threaded=True).serve_forever()


def app(ledger: Ledger, keys: dict[str, str]) -> Flask:
    wallets, failpoints, callbacks = Wallets(), Failpoints(), Callbacks(ledger)
    api = Api(ledger, wallets, failpoints, callbacks, keys)
    served = Flask(__name__)
    served.register_blueprint(api.blueprint())
    served.register_blueprint(control(ledger, wallets, failpoints, callbacks, api))
    callbacks.run()
    return served


if __name__ == "__main__":
    main()
