#!/bin/sh
# Starts docker-compose.yml as docs/deploying.md says and has the demonstration's stay walked against what is
# published. IMAGE and PULL_POLICY=missing try a finished image instead of building one. Leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."
test ! -e .env || { echo "There is an .env already: this would use its data." >&2; exit 1; }
export COMPOSE_PROJECT_NAME=lodger-smoke

end() {
    code=$?
    test $code = 0 || docker compose logs --tail 200
    docker compose down --volumes --timeout 30
    rm .env
    exit $code
}
cp .env.example .env
trap end EXIT
for name in LODGER_SECRET_KEY LODGER_OPERATOR_TOKEN DATABASE_PASSWORD DATABASE_OWNER_PASSWORD; do echo "$name=$(openssl rand -hex 32)"; done >> .env
# The demonstration moves the clock forward by minutes, and its day must not end meanwhile.
echo "LODGER_CLOCK=$(TZ=Africa/Kampala date +%Y-%m-%dT10:00:00+03:00)" >> .env

docker compose up --wait --wait-timeout 180
SMOKE_ENV=.env ./run test tests/deploy/test_smoke.py
# Nothing is lost by a restart, and migrating again changes nothing.
docker compose restart
docker compose run --rm migrate
docker compose up --wait --wait-timeout 180
