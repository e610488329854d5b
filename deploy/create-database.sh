#!/bin/sh
# Runs once, when the PostgreSQL container has made its data. `migrate` logs in as `lodger`, which owns the database and
# is no superuser; the other processes as `lodger_app`, which may take the roles they need and not the owner's, so that
# nothing they do gets past these rights. The superuser keeps no password: it is reached from inside the container
# alone (docker compose exec postgres psql -U postgres).
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv owner_password POSTGRES_PASSWORD
\getenv app_password APP_PASSWORD
CREATE ROLE lodger LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE DATABASE lodger OWNER lodger;
CREATE ROLE lodger_owner;
CREATE ROLE lodger_writer;
CREATE ROLE lodger_projector;
CREATE ROLE lodger_auditor;
CREATE ROLE lodger_analyst;
CREATE ROLE lodger_notary;
GRANT lodger_owner, lodger_writer, lodger_projector, lodger_auditor, lodger_analyst, lodger_notary TO lodger;
CREATE ROLE lodger_app LOGIN PASSWORD :'app_password' 
    IN ROLE lodger_writer, lodger_projector, lodger_auditor, lodger_analyst, lodger_notary;
ALTER ROLE postgres PASSWORD NULL;
SQL
