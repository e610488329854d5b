"""Tables, a host, a guest and properties: `python -m benchmarks.peer.seed COUNT` prints what there is, as JSON."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peer.settings")


def main(count: int) -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from rest_framework.authtoken.models import Token

    from benchmarks.peer.models import Property

    call_command("migrate", run_syncdb=True, verbosity=0)
    host, guest = (User.objects.create_user(name, f"{name}@example.org", "correct horse battery") for name in "hg")
    listings = [Property(host=host, title=f"Cabin {n}", night_price=10_000) for n in range(count)]
    Property.objects.bulk_create(listings)
    token = Token.objects.create(user=guest)
    print(json.dumps({"token": token.key, "properties": [str(listing.id) for listing in listings]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
