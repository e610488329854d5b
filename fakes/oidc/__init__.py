"""A stand-in of an OpenID Connect provider, and levers for tests.

`python -m fakes.oidc --port 8900` describes itself, asks nobody for consent, and checks what a client sends (PKCE, the
redirect address, the client's secret, a code once). Who is logged in, and what it does wrong, is under `/fake`.
"""
