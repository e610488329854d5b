#!/bin/sh
# Runs once, when the PostgreSQL container has made its data. Lodger logs in as an owner of its database and no
# superuser, so that nothing it does gets past the rights of its roles. The superuser keeps no password: it is
# reached from inside the container alone (docker compose exec postgres psql -U postgres).
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE lodger LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE lodger OWNER lodger;
ALTER ROLE postgres PASSWORD NULL;
SQL
