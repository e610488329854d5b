"""`python -m fakes.oidc --port 8900`: serves until it is killed."""

from __future__ import annotations

import argparse
import logging

from flask import Flask
from werkzeug.serving import make_server

from fakes.oidc.control import control
from fakes.oidc.keys import Keys
from fakes.oidc.provider import Provider


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fakes.oidc", description="A stand-in of an OpenID provider.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--client-id", default="lodger")
    parser.add_argument("--client-secret", default="a secret: with % and /")
    given = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    issuer = f"http://{given.host}:{given.port}"
    app(issuer, given.client_id, given.client_secret, given.host, given.port)


def app(issuer: str, client_id: str, client_secret: str, host: str, port: int) -> None:
    provider = Provider(issuer, client_id, client_secret, Keys())
    served = Flask(__name__)
    served.register_blueprint(provider.blueprint())
    served.register_blueprint(control(provider))
    make_server(host, port, served, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
