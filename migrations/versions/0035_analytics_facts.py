"""The analysts' facts and dimensions: views, each with a word on itself and on every column."""

from collections.abc import Mapping
from typing import NamedTuple

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


class View(NamedTuple):
    comment: str
    query: str
    columns: Mapping[str, str]


def upgrade() -> None:
    op.execute("DROP VIEW analytics.facts_per_day")
    for name, view in VIEWS.items():
        create(name, view)


def create(name: str, view: View) -> None:
    op.execute(f"CREATE VIEW analytics.{name} ({', '.join(view.columns)}) AS {view.query}")
    op.execute(f"COMMENT ON VIEW analytics.{name} IS '{quoted(view.comment)}'")
    for column, comment in view.columns.items():
        op.execute(f"COMMENT ON COLUMN analytics.{name}.{column} IS '{quoted(comment)}'")


def quoted(text: str) -> str:
    return text.replace("'", "''")


MINOR = "in minor units of the currency"
KEY = "dim_user.user_key; NULL of somebody who was erased"
CODE = "ISO 4217"

VIEWS = {
    "version": View(
        "Which version of these views this is: CHANGELOG.md says what changed with each.",
        "SELECT '1.0.0'::text",
        {"version": "grows in its first number when a query that worked may not any more"},
    ),
    "positions": View(
        "How far the tables behind these views have come. Figures of several views are of one moment where all say the"
        " same position.",
        """SELECT name, position, moved_at, stopped_reason IS NOT NULL, parked FROM public.positions
           WHERE name IN ('analytics', 'ledger', 'host_accounts', 'reviews')""",
        {
            "read_model": "analytics: bookings, nights, payments, properties, users; host_accounts: payouts",
            "position": "place in the log: everything up to it is counted",
            "moved_at": "when it came there, by the database's clock",
            "is_stopped": "it met an event that it cannot take, and goes no further",
            "parked_events": "events that it could not take and passed over: while there are some, it is not whole",
        },
    ),
    "facts_per_day": View(
        "How often each fact was recorded on each day (UTC). Of reviews only those count that everybody may read.",
        """SELECT (recorded_at AT TIME ZONE 'UTC')::date, type, count(*) FROM public.events
           WHERE type <> 'ReviewSubmitted' GROUP BY 1, 2""",
        {"day": "when it was recorded", "fact": "what happened: docs/events.md", "events": "how often"},
    ),
    "dim_date": View(
        "Days from 2015 to 2049.",
        """SELECT d::date, extract(year FROM d)::integer, extract(quarter FROM d)::integer,
                  date_trunc('month', d)::date, extract(week FROM d)::integer,
                  extract(isodow FROM d)::integer, extract(isodow FROM d) IN (5, 6)
           FROM generate_series(timestamp '2015-01-01', timestamp '2049-12-31', interval '1 day') AS d""",
        {
            "day": "the day; of a night the one it begins on",
            "year": "of the day",
            "quarter": "1 to 4",
            "month": "its first day",
            "week": "ISO 8601's number",
            "weekday": "1 is Monday, 7 is Sunday",
            "is_weekend_night": "the nights that begin on a Friday or a Saturday: those with weekend prices",
        },
    ),
    "dim_property": View(
        "What properties were like from when to when: a row for each version. Valid at an instant is the one with"
        " valid_from <= instant and (valid_to IS NULL or valid_to > instant).",
        """SELECT p.property_id, p.version, p.valid_from, p.valid_to, u.user_key, p.status, p.source, p.market, p.city,
                  p.city_key, p.country, p.zone, p.property_type, p.room_type, p.guests, p.bedrooms, p.beds,
                  p.bathrooms_halves, p.currency, p.nightly_minor, p.weekend_minor, p.cleaning_fee_minor,
                  p.minimum_nights, p.maximum_nights, p.cancellation_policy, p.booking_mode
           FROM public.analytics_properties p LEFT JOIN public.analytics_users u ON u.user_id = p.host_id""",
        {
            "property_id": "with version: one row",
            "version": "counts from 1",
            "valid_from": "since when it was so",
            "valid_to": "until when, this instant not included; NULL: it still is so",
            "host_key": KEY,
            "status": "draft, published or unpublished",
            "source": "where it was imported from; NULL of one that its host listed here",
            "market": "which city's file it came from",
            "city": "as the host spells it; empty once the host was erased, in all versions",
            "city_key": "one spelling of it for comparing: what metrics have as city",
            "country": "ISO 3166",
            "zone": "IANA's name of its time zone: days are the property's own",
            "property_type": "apartment, house, …",
            "room_type": "entire_place, private_room, shared_room or hotel_room",
            "guests": "how many it takes",
            "bedrooms": "how many",
            "beds": "how many",
            "bathrooms_halves": "bathrooms in halves: 3 is one and a half",
            "currency": f"{CODE}; never changes",
            "nightly_minor": f"the usual price of a night, {MINOR}",
            "weekend_minor": f"that of a Friday's or Saturday's night where it differs, {MINOR}",
            "cleaning_fee_minor": f"per stay, {MINOR}",
            "minimum_nights": "that a stay has",
            "maximum_nights": "that a stay has",
            "cancellation_policy": "flexible, moderate, strict or non_refundable",
            "booking_mode": "instant or request",
        },
    ),
    "dim_user": View(
        "People without anything that tells who they are. Somebody who was erased is not here any more.",
        """SELECT user_key, (registered_at AT TIME ZONE 'UTC')::date, became_host_at IS NOT NULL,
                  (became_host_at AT TIME ZONE 'UTC')::date
           FROM public.analytics_users""",
        {
            "user_key": "a keyed digest of their id: the same wherever these views name somebody",
            "registered_on": "day (UTC)",
            "is_host": "may list properties",
            "host_since": "day (UTC)",
        },
    ),
    "fact_bookings": View(
        "A row for each booking that was ever made, also those that nobody paid for. What is kept is what the guest"
        " paid for and does not get back: accommodation + extras + service fee + tax = host + platform + tax = total.",
        """SELECT b.booking_id, b.property_id, h.user_key, g.user_key, b.status, b.made_at, b.made_on, b.check_in,
                  b.check_out, b.check_out - b.check_in, b.check_in - b.made_on, b.guests, b.policy, b.currency,
                  b.price_minor, b.bought_at, b.cancelled_at, b.cancelled_by, b.given_back_minor,
                  b.accommodation_minor, b.extras_minor, b.service_fee_minor, b.tax_minor, b.host_minor,
                  b.platform_minor, b.host_minor + b.platform_minor + b.tax_minor
           FROM public.analytics_bookings b
               LEFT JOIN public.analytics_users h ON h.user_id = b.host_id
               LEFT JOIN public.analytics_users g ON g.user_id = b.guest_id""",
        {
            "booking_id": "one row each",
            "property_id": "dim_property",
            "host_key": KEY,
            "guest_key": KEY,
            "status": "pending, confirmed, declined, expired, cancelled, completed or no_show",
            "made_at": "when it was asked for",
            "made_on": "that day at the property",
            "check_in": "the first night; after an alteration the new one",
            "check_out": "the day after the last night",
            "nights": "length of stay",
            "lead_days": "from made_on to check_in",
            "guests": "how many come",
            "cancellation_policy": "the one agreed on",
            "currency": CODE,
            "price_minor": f"what the quote comes to, {MINOR}",
            "bought_at": "when it was first paid for; NULL: never",
            "cancelled_at": "when it was cancelled",
            "cancelled_by": "guest, host or platform",
            "given_back_minor": f"what a cancellation gives back, {MINOR}",
            "accommodation_minor": f"kept: nights less discounts, {MINOR}",
            "extras_minor": f"kept: extra guests, cleaning, and what an alteration forfeited, {MINOR}",
            "service_fee_minor": f"kept: the guest's fee to the platform, {MINOR}",
            "tax_minor": f"kept: occupancy tax, {MINOR}",
            "host_minor": f"whose it is: the host's, less the host's fee, {MINOR}",
            "platform_minor": f"whose it is: the platform's, both fees, {MINOR}",
            "total_minor": f"all that is kept, {MINOR}",
        },
    ),
    "fact_nights": View(
        "A row for each night of a booking that was paid for (sold, cancelled), and one for each other night of each"
        " property since it began (available, blocked, imported, unlisted), up to the end of the 24th month from"
        " now. Every night of a property is in one state but cancelled, which comes on top.",
        """SELECT n.property_id, n.night, CASE WHEN n.is_sold THEN 'sold' ELSE 'cancelled' END, n.booking_id,
                  n.currency, n.accommodation_minor, n.extras_minor, n.service_fee_minor, n.tax_minor,
                  n.accommodation_minor + n.extras_minor + n.service_fee_minor + n.tax_minor
           FROM public.analytics_nights n
           UNION ALL
           SELECT c.property_id, d.day, CASE WHEN NOT c.listed @> d.day THEN 'unlisted'
                                             WHEN c.blocked @> d.day THEN 'blocked'
                                             WHEN c.imported @> d.day THEN 'imported' ELSE 'available' END,
                  NULL, p.currency, 0, 0, 0, 0, 0
           FROM public.analytics_calendars c CROSS JOIN public.analytics_clock k
               JOIN public.analytics_properties p ON p.property_id = c.property_id AND p.valid_to IS NULL
               JOIN analytics.dim_date d ON d.day >= c.first_night
                   AND d.day < date_trunc('month', k.today::timestamp) + interval '25 months'
           WHERE NOT c.sold @> d.day""",
        {
            "property_id": "dim_property",
            "night": "the day it begins on, at the property",
            "state": "sold; cancelled: paid for and given up, what was kept of it; available: offered and not sold;"
            " blocked: by the host; imported: taken in another marketplace's calendar; unlisted: not offered",
            "booking_id": "of sold and cancelled nights: fact_bookings",
            "currency": f"{CODE}; NULL of a property without prices",
            "accommodation_minor": f"the night less discounts, {MINOR}",
            "extras_minor": f"its share of extra guests, cleaning and what an alteration forfeited, {MINOR}",
            "service_fee_minor": f"its share of the guest's fee, {MINOR}",
            "tax_minor": f"its share of the tax, {MINOR}",
            "total_minor": f"all four, {MINOR}",
        },
    ),
    "fact_payments": View(
        "A row for each attempt to pay a booking.",
        """SELECT y.payment_id, y.booking_id, y.property_id, g.user_key, y.provider, y.method, y.status, y.failure_code,
                  y.currency, y.amount_minor, y.started_at, y.captured_at, y.captured_minor, y.refunded_minor,
                  y.dispute_taken_minor, y.dispute_back_minor
           FROM public.analytics_payments y LEFT JOIN public.analytics_users g ON g.user_id = y.guest_id""",
        {
            "payment_id": "one row each",
            "booking_id": "fact_bookings",
            "property_id": "dim_property",
            "guest_key": KEY,
            "provider": "who takes the money",
            "method": "card or mobile_money",
            "status": "pending, authorized, paid, failed, refunded, partially_refunded or disputed",
            "failure_code": "why it failed",
            "currency": CODE,
            "amount_minor": f"asked for, {MINOR}",
            "started_at": "when",
            "captured_at": "when the money was taken; NULL: it was not",
            "captured_minor": f"taken, {MINOR}",
            "refunded_minor": f"sent back, {MINOR}",
            "dispute_taken_minor": f"taken back by the payer's bank, with its fee, {MINOR}",
            "dispute_back_minor": f"given back by that bank, {MINOR}",
        },
    ),
    "fact_payouts": View(
        "A row for each payout to a host.",
        """SELECT o.payout_id, h.user_key, o.provider, o.status, o.failure_code, o.currency, o.minor, o.scheduled_at,
                  o.ended_at
           FROM public.host_payouts o LEFT JOIN public.analytics_users h ON h.user_id = o.host_id""",
        {
            "payout_id": "one row each",
            "host_key": KEY,
            "provider": "who pays",
            "status": "scheduled, paid or failed",
            "failure_code": "why it failed",
            "currency": CODE,
            "amount_minor": f"earnings less debts, {MINOR}",
            "scheduled_at": "when it was decided",
            "ended_at": "when it was paid or failed",
        },
    ),
    "fact_reviews": View(
        "A row for each review that everybody may read; of a sealed one there is none. Words are not here.",
        """SELECT r.review_id, r.booking_id, r.property_id, r.author, a.user_key, s.user_key, r.overall, r.cleanliness,
                  r.accuracy, r.check_in, r.communication, r.location, r.value, r.submitted_at, r.revealed_at,
                  r.comment <> '', r.reply IS NOT NULL, r.origin
           FROM public.reviews r LEFT JOIN public.analytics_users a ON a.user_id = r.author_id
               LEFT JOIN public.analytics_users s ON s.user_id = r.subject_id""",
        {
            "review_id": "one row each",
            "booking_id": "fact_bookings; NULL of an imported one",
            "property_id": "dim_property",
            "author": "the side that wrote: guest or host",
            "author_key": KEY,
            "subject_key": KEY,
            "overall": "1 to 5; NULL of an imported one",
            "cleanliness": "1 to 5, of guests' reviews",
            "accuracy": "1 to 5, of guests' reviews",
            "check_in": "1 to 5, of guests' reviews",
            "communication": "1 to 5, of guests' reviews",
            "location": "1 to 5, of guests' reviews",
            "value": "1 to 5, of guests' reviews",
            "submitted_at": "when it was written",
            "revealed_at": "since when everybody may read it",
            "has_comment": "something was written, and its author was not erased",
            "has_reply": "it was answered",
            "origin": "the marketplace it was imported from; NULL of one that was written here",
        },
    ),
    "ledger": View(
        "The double-entry ledger, a row for each entry: in each currency all of them add up to nothing.",
        """SELECT e.position, e.line, e.event_id, e.fact, e.occurred_at, e.account, e.currency, e.minor, e.booking_id,
                  e.payment_id, h.user_key
           FROM public.ledger_entries e LEFT JOIN public.analytics_users h ON h.user_id = e.host_id""",
        {
            "position": "of the event in the log; with line: one row",
            "line": "within the event, from 1",
            "event_id": "the event",
            "fact": "what happened: docs/events.md",
            "occurred_at": "when",
            "account": "guest_funds, host_payable, platform_revenue, tax_payable, processor_clearing, host_receivable",
            "currency": CODE,
            "minor": f"a debit when positive, a credit when negative, {MINOR}",
            "booking_id": "fact_bookings; NULL of what concerns none",
            "payment_id": "fact_payments",
            "host_key": KEY,
        },
    ),
}
