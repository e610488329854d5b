"""Pages for people: the API's documentation, what a problem means, and the sandbox's payment page.

All they load comes from here; the files of the documentation are those of the flask-swagger-ui package.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from api.edge import SandboxGateway, edge
from api.problems import STATUS_OF, TITLE_OF, type_of
from application import settlement
from application.calls import Call
from domain.events import Actor

docs = Blueprint("docs", __name__)
sandbox = Blueprint("sandbox", __name__, url_prefix="/sandbox")

_SWAGGER: Final = str(files("flask_swagger_ui") / "dist")


@docs.get("/")
def home() -> AnyResponse:
    return redirect("/docs", 302)


@docs.get("/docs")
def documentation() -> str:
    return render_template("docs.html")


@docs.get("/docs/start.js")
def start() -> Response:
    return Response(render_template("docs_start.js"), mimetype="text/javascript")


@docs.get("/docs/files/<path:name>")
def documentation_file(name: str) -> Response:
    return send_from_directory(_SWAGGER, name, max_age=86_400)


@docs.get("/problems/<slug>")
def problem(slug: str) -> str:
    code = slug.replace("-", "_")
    if code not in STATUS_OF or type_of(code) != f"/problems/{slug}":
        raise NotFound("There is no such type of problem.")
    return render_template("problem.html", title=TITLE_OF[code], type=type_of(code), status=STATUS_OF[code])


@sandbox.get("/payments/<reference>")
def payment(reference: str) -> str:
    """What the payer sees."""
    charge = _gateway().find(reference)
    if charge is None:
        raise NotFound("There is no such payment.")
    return render_template("sandbox_payment.html", charge=charge)


@sandbox.post("/payments/<reference>")
def answer_payment(reference: str) -> AnyResponse:
    """The payer's answer. Lodger then asks the provider, as it would after a webhook."""
    gateway = _gateway()
    charge = gateway.find(reference)
    if charge is None:
        raise NotFound("There is no such payment.")
    if not _answered(gateway, reference, request.form.get("answer")):
        return Response("That is no answer.", 422, mimetype="text/plain")
    lodger = edge().lodger
    call = Call(Actor("webhook", "sandbox"), lodger.clock.now(), lodger.new_id(), lodger.new_id())
    settlement.look(lodger, call, charge.payment_id)
    return redirect(request.path, 303)


def _answered(gateway: SandboxGateway, reference: str, said: str | None) -> bool:
    """Whether that is an answer; if so it is given."""
    match said:
        case "approve":
            gateway.approve(reference)
        case "challenge":
            gateway.challenge(reference)
        case "decline":
            gateway.decline(reference)
        case "later":
            minutes = request.form.get("minutes", "")
            if not re.fullmatch(r"[1-9][0-9]{0,3}", minutes, re.ASCII):
                return False
            gateway.approve_later(reference, int(minutes))
        case "refuse_refunds" | "allow_refunds":
            gateway.fail_refunds(reference, fail=said == "refuse_refunds")
        case "deny":
            gateway.deny(reference)
        case _:
            return False
    return True


def _gateway() -> SandboxGateway:
    here = edge().options.sandbox
    assert here is not None, "registered in the sandbox only"
    return here.gateway
