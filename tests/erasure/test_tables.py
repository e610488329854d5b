"""Every table of the schema, and every column that could hold words, has its rule."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

import psycopg2
import pytest

from infrastructure.erasure.personal_data import shown_of_all
from infrastructure.erasure.rules import Cascading, Kept, Projected, Scrubbed, Shown
from infrastructure.erasure.tables import TABLES
from projections.catalogue import PROJECTIONS

WORDLESS = {
    *("boolean", "integer", "bigint", "uuid", "uuid[]", "date", "time without time zone", "interval"),
    *("timestamp with time zone", "daterange", "datemultirange", "int8range"),
}
"""Types in which nobody can write anything."""

READ_MODELS = {table: projection for projection in PROJECTIONS.values() for table in projection.tables}


@pytest.fixture(scope="module")
def schema(shared_database_url: str) -> Mapping[str, set[str]]:
    """The columns that could hold words, by table."""
    connection = psycopg2.connect(shared_database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm')"""
        )
        columns: dict[str, set[str]] = defaultdict(set)
        for table, column, kind in cursor.fetchall():
            columns[table] |= set() if kind in WORDLESS else {column}
    connection.close()
    return columns


def test_every_table_has_a_rule_and_every_rule_a_table(schema: Mapping[str, set[str]]) -> None:
    assert sorted(TABLES) == sorted(schema)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_that_could_hold_words_is_accounted_for(table: str, schema: Mapping[str, set[str]]) -> None:
    match TABLES[table]:
        case Scrubbed(blanked=None) | Cascading():
            return  # the rows go
        case Scrubbed(blanked=tuple() as blanked, words=words) | Projected(blanked=blanked, words=words):
            assert {*blanked, *words} == schema[table]
            assert not set(blanked) & words.keys()
        case Kept(words=words):
            assert words.keys() == schema[table]


@pytest.mark.parametrize("table", [name for name, rule in TABLES.items() if isinstance(rule, Scrubbed | Projected)])
def test_a_rule_touches_its_own_table_and_empties_what_it_says(table: str) -> None:
    rule = TABLES[table]
    assert isinstance(rule, Scrubbed | Projected)
    for statement in rule.statements:
        assert re.match(rf"(UPDATE|DELETE FROM|INSERT INTO) {table}\b", statement)
    for column in (rule.blanked or ()) if rule.statements else ():
        assert any(re.search(rf"\b{column} = ('[^']*'|NULL)", statement) for statement in rule.statements)


@pytest.mark.parametrize("table", [name for name, rule in TABLES.items() if isinstance(rule, Cascading)])
def test_rows_that_go_with_others_are_deleted_with_them(table: str, shared_database_url: str) -> None:
    rule = TABLES[table]
    assert isinstance(rule, Cascading)
    connection = psycopg2.connect(shared_database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT confdeltype FROM pg_constraint WHERE conrelid = %s::regclass AND confrelid = %s::regclass",
            [table, rule.parent],
        )
        assert cursor.fetchall() == [("c",)]
    connection.close()


def test_read_models_are_blanked_by_facts_and_never_by_hand() -> None:
    """Else a rebuild would make other rows than there are. Who was written to is a fact of its own."""
    by_hand = [name for name in READ_MODELS if isinstance(TABLES[name], Scrubbed)]
    assert by_hand == []
    for name, rule in TABLES.items():
        if isinstance(rule, Projected):
            assert rule.fact in {fact.TOPIC for fact in READ_MODELS[name].facts}


def test_what_holds_personal_data_is_given_to_the_person_or_says_why_not() -> None:
    for rule in TABLES.values():
        if not isinstance(rule, Kept):
            assert isinstance(rule.shown, Shown) or len(rule.shown) > 5


def test_sections_have_names_of_their_own() -> None:
    names = [shown.section for shown in shown_of_all()]
    assert len(set(names)) == len(names)
