"""The analysts' metrics, other currencies, and how the views stand to the ledger."""

# ruff: noqa: S608 - nothing but constants

from collections.abc import Mapping
from typing import NamedTuple

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


class View(NamedTuple):
    comment: str
    query: str
    columns: Mapping[str, str]


def upgrade() -> None:
    for name, view in VIEWS.items():
        op.execute(f"CREATE VIEW analytics.{name} ({', '.join(view.columns)}) AS {view.query}")
        op.execute(f"COMMENT ON VIEW analytics.{name} IS '{quoted(view.comment)}'")
        for column, comment in view.columns.items():
            op.execute(f"COMMENT ON COLUMN analytics.{name}.{column} IS '{quoted(comment)}'")


def quoted(text: str) -> str:
    return text.replace("'", "''")


def month(day: str) -> str:
    """Spelt as in the index on it."""
    return f"date_trunc('month', {day}::timestamp)::date"


def days(ranges: str) -> str:
    """How many days are in a multirange."""
    return f"(SELECT coalesce(sum(upper(r) - lower(r)), 0)::integer FROM unnest({ranges}) AS r)"


def ratio(amount: str, by: str, type_: str = "numeric(20,4)") -> str:
    return f"round({amount}::numeric / nullif({by}, 0), 4)::{type_}"


MINOR = "in minor units of the currency"
EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY"
    " COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS"
    " INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR"
    " MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD"
    " SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
CURRENCIES = ", ".join(f"('{code}', {digits})" for digits, codes in EXPONENTS.items() for code in codes.split())

PLACE = {
    "month": "its first day",
    "country": "ISO 3166, as it is today; empty where it is not known",
    "city": "dim_property.city_key, as it is today; empty where it is not known, or any more",
}
BY_CURRENCY = {**PLACE, "currency": "ISO 4217: amounts of two are never added up"}

OFFERED = "c.listed * w.nights - c.sold"
PROPERTY_MONTHS = f"""
    SELECT m.month, c.property_id, u.user_key, coalesce(p.country, ''), coalesce(p.city_key, ''), p.currency,
           n.sold, n.available, n.blocked, n.imported, n.unlisted, coalesce(s.minor, 0)
    FROM public.analytics_calendars c CROSS JOIN public.analytics_clock k
        JOIN public.analytics_properties p ON p.property_id = c.property_id AND p.valid_to IS NULL
        LEFT JOIN public.analytics_users u ON u.user_id = p.host_id
        JOIN (SELECT d::date AS month, (d + interval '1 month')::date AS next
              FROM generate_series(timestamp '2015-01-01', timestamp '2049-12-01', interval '1 month') AS d) m
            ON m.next > c.first_night AND m.month < k.today + interval '24 months'
        CROSS JOIN LATERAL (
            SELECT datemultirange(daterange(greatest(m.month, c.first_night), m.next)) AS nights) w
        CROSS JOIN LATERAL (
            SELECT {days("c.sold * w.nights")} AS sold, {days(f"({OFFERED}) - c.blocked - c.imported")} AS available,
                   {days(f"({OFFERED}) * c.blocked")} AS blocked,
                   {days(f"({OFFERED}) * c.imported - c.blocked")} AS imported,
                   {days("w.nights - c.listed - c.sold")} AS unlisted
            OFFSET 0) n -- counted once for each month, however often it is asked for
        LEFT JOIN LATERAL (
            SELECT sum(x.accommodation_minor)::bigint AS minor FROM public.analytics_nights x
            WHERE x.property_id = c.property_id AND x.night >= m.month AND x.night < m.next AND x.is_sold) s ON true
"""

PERFORMANCE = f"""
    SELECT month, country, city, currency, count(*) FILTER (WHERE sold_nights + available_nights > 0),
           sum(sold_nights), sum(available_nights), sum(blocked_nights), sum(imported_nights), sum(unlisted_nights),
           sum(accommodation_minor)::bigint,
           {ratio("sum(sold_nights)", "sum(sold_nights + available_nights)", "numeric(5,4)")},
           {ratio("sum(accommodation_minor)", "sum(sold_nights)")},
           {ratio("sum(accommodation_minor)", "sum(sold_nights + available_nights)")}
    FROM analytics.property_months WHERE currency IS NOT NULL GROUP BY month, country, city, currency
"""

OF_PROPERTY = "LEFT JOIN public.analytics_properties p ON p.property_id = {0}.property_id AND p.valid_to IS NULL"

REVENUE = f"""
    SELECT {month("n.night")}, coalesce(p.country, ''), coalesce(p.city_key, ''), coalesce(u.user_key, ''), n.currency,
           count(*) FILTER (WHERE n.is_sold), sum(n.accommodation_minor)::bigint, sum(n.extras_minor)::bigint,
           sum(n.service_fee_minor)::bigint, sum(n.tax_minor)::bigint,
           sum(n.accommodation_minor + n.extras_minor + n.service_fee_minor + n.tax_minor)::bigint
    FROM public.analytics_nights n JOIN public.analytics_bookings b ON b.booking_id = n.booking_id
        {OF_PROPERTY.format("n")} LEFT JOIN public.analytics_users u ON u.user_id = b.host_id
    GROUP BY 1, 2, 3, 4, 5
"""

CANCELLATIONS = f"""
    SELECT {month("b.check_in")}, coalesce(p.country, ''), coalesce(p.city_key, ''), b.currency, count(*),
           count(*) FILTER (WHERE b.cancelled_by = 'guest'), count(*) FILTER (WHERE b.cancelled_by = 'host'),
           count(*) FILTER (WHERE b.cancelled_by = 'platform'),
           {ratio("count(b.cancelled_by)", "count(*)", "numeric(5,4)")}, sum(b.given_back_minor)::bigint,
           coalesce(sum(b.host_minor + b.platform_minor + b.tax_minor) FILTER (WHERE b.cancelled_by IS NOT NULL), 0)
               ::bigint
    FROM public.analytics_bookings b {OF_PROPERTY.format("b")} WHERE b.bought_at IS NOT NULL GROUP BY 1, 2, 3, 4
"""

STAYS = f"""
    SELECT {month("b.check_in")}, coalesce(p.country, ''), coalesce(p.city_key, ''), count(*),
           round(avg(b.check_in - b.made_on), 2)::numeric(8,2),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY b.check_in - b.made_on),
           count(*) FILTER (WHERE b.cancelled_by IS NULL),
           round(avg(b.check_out - b.check_in) FILTER (WHERE b.cancelled_by IS NULL), 2)::numeric(8,2),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY b.check_out - b.check_in) FILTER (WHERE b.cancelled_by IS NULL)
    FROM public.analytics_bookings b {OF_PROPERTY.format("b")} WHERE b.bought_at IS NOT NULL GROUP BY 1, 2, 3
"""

CONVERTED = """
    SELECT n.booking_id, n.night, n.property_id, n.is_sold, n.currency,
           n.accommodation_minor + n.extras_minor + n.service_fee_minor + n.tax_minor, t.base, r.day, r.rate, r.source,
           round(n.accommodation_minor / (10::numeric ^ c.exponent * r.rate), 8)::numeric(28,8),
           round((n.accommodation_minor + n.extras_minor + n.service_fee_minor + n.tax_minor)
                 / (10::numeric ^ c.exponent * r.rate), 8)::numeric(28,8)
    FROM public.analytics_nights n JOIN public.analytics_bookings b ON b.booking_id = n.booking_id
        JOIN analytics.dim_currency c ON c.currency = n.currency
        CROSS JOIN (SELECT DISTINCT base FROM public.exchange_rates) t
        LEFT JOIN LATERAL (
            SELECT x.day, x.rate, x.source FROM public.exchange_rates x
            WHERE x.base = t.base AND x.currency = n.currency
              AND x.day BETWEEN (b.bought_at AT TIME ZONE 'UTC')::date - 7 AND (b.bought_at AT TIME ZONE 'UTC')::date
            UNION ALL
            SELECT (b.bought_at AT TIME ZONE 'UTC')::date, 1, 'the same currency' WHERE n.currency = t.base
            ORDER BY 1 DESC LIMIT 1) r ON true
"""

BOUGHT = "('BookingConfirmed', 'BookingReinstated', 'BookingAltered', 'BookingCancelled')"
RECONCILIATION = f"""
    SELECT figure, currency, coalesce(v.minor, 0), coalesce(l.minor, 0), coalesce(v.minor, 0) - coalesce(l.minor, 0)
    FROM (
        SELECT f.figure, b.currency, sum(f.minor)::bigint AS minor FROM public.analytics_bookings b
            CROSS JOIN LATERAL (VALUES ('bookings.total', host_minor + platform_minor + tax_minor),
                ('bookings.host', host_minor), ('bookings.platform', platform_minor), ('bookings.tax', tax_minor)
            ) AS f (figure, minor) GROUP BY 1, 2
        UNION ALL
        SELECT 'nights.total', currency, sum(total_minor)::bigint FROM analytics.fact_nights
        WHERE state IN ('sold', 'cancelled') GROUP BY 2
        UNION ALL
        SELECT 'revenue.total', currency, sum(total_minor)::bigint FROM analytics.revenue GROUP BY 2
        UNION ALL
        SELECT f.figure, y.currency, sum(f.minor)::bigint FROM public.analytics_payments y
            CROSS JOIN LATERAL (VALUES ('payments.captured', captured_minor), ('payments.refunded', refunded_minor),
                ('payments.dispute_taken', dispute_taken_minor), ('payments.dispute_back', dispute_back_minor)
            ) AS f (figure, minor) GROUP BY 1, 2
        UNION ALL
        SELECT 'payouts.paid', currency, sum(minor)::bigint FROM public.host_payouts WHERE status = 'paid' GROUP BY 2
        UNION ALL
        SELECT 'ledger.balance', currency, 0 FROM public.ledger_entries GROUP BY 2
    ) v FULL JOIN (
        SELECT f.figure, e.currency, sum(e.minor * f.sign)::bigint AS minor FROM public.ledger_entries e
            JOIN (VALUES ('bookings.total', 'guest_funds', true, NULL, 1),
                ('nights.total', 'guest_funds', true, NULL, 1), ('revenue.total', 'guest_funds', true, NULL, 1),
                ('bookings.host', 'host_payable', true, NULL, -1),
                ('bookings.platform', 'platform_revenue', true, NULL, -1),
                ('bookings.tax', 'tax_payable', true, NULL, -1),
                ('payments.captured', 'processor_clearing', false, 'PaymentCaptured', 1),
                ('payments.refunded', 'processor_clearing', false, 'RefundSucceeded', -1),
                ('payments.dispute_taken', 'processor_clearing', false, 'DisputeOpened', -1),
                ('payments.dispute_back', 'processor_clearing', false, 'DisputeWon', 1),
                ('payouts.paid', 'processor_clearing', false, 'PayoutPaid', -1)
            ) AS f (figure, account, of_bookings, fact, sign)
                ON f.account = e.account AND (f.fact = e.fact OR f.of_bookings AND e.fact IN {BOUGHT})
        GROUP BY 1, 2
        UNION ALL
        SELECT 'ledger.balance', currency, sum(minor)::bigint FROM public.ledger_entries GROUP BY 2
    ) l USING (figure, currency)
"""

VIEWS = {
    "dim_currency": View(
        "Currencies and their digits.",
        f"SELECT code, digits, (10::numeric ^ digits)::bigint FROM (VALUES {CURRENCIES}) AS c (code, digits)",
        {
            "currency": "ISO 4217",
            "exponent": "digits after the point",
            "minor_per_unit": "10 ^ exponent: an amount in whole units is minor / minor_per_unit",
        },
    ),
    "exchange_rates": View(
        "What currencies cost on a day, as somebody published it: `lodger analytics rates` loads them. Ships empty.",
        "SELECT day, base, currency, rate, source FROM public.exchange_rates",
        {
            "day": "of the rate",
            "base": "ISO 4217",
            "currency": "ISO 4217",
            "rate": "whole units of currency that one whole unit of base costs",
            "source": "who published it",
        },
    ),
    "property_months": View(
        "Each month of each property since it began, to the 24th from now: what its nights were, and what the sold ones"
        " brought. sold + available + blocked + imported + unlisted are all of them.",
        PROPERTY_MONTHS,
        {
            "month": PLACE["month"],
            "property_id": "dim_property",
            "host_key": "dim_user.user_key; NULL of somebody who was erased",
            "country": PLACE["country"],
            "city": PLACE["city"],
            "currency": "ISO 4217; NULL of a property without prices, which was never offered",
            "sold_nights": "nights of bookings that were paid for and not given up",
            "available_nights": "offered and not sold",
            "blocked_nights": "offered, and blocked by the host",
            "imported_nights": "offered, and taken in another marketplace's calendar",
            "unlisted_nights": "not offered: a draft, or off the market",
            "accommodation_minor": f"of sold nights: nights less discounts, {MINOR}",
        },
    ),
    "performance": View(
        "Occupancy, ADR and RevPAR by month and city. Blocked, imported and unlisted nights are in none of them.",
        PERFORMANCE,
        {
            **BY_CURRENCY,
            "properties": "with a night that was sold or available",
            "sold_nights": "see property_months",
            "available_nights": "see property_months",
            "blocked_nights": "see property_months",
            "imported_nights": "see property_months",
            "unlisted_nights": "see property_months",
            "accommodation_minor": f"of sold nights: nights less discounts, {MINOR}",
            "occupancy": "sold / (sold + available); NULL where none was offered",
            "adr_minor": f"average daily rate: accommodation / sold nights, {MINOR}, four digits",
            "revpar_minor": f"revenue per available night: accommodation / (sold + available), {MINOR}, four digits",
        },
    ),
    "revenue": View(
        "What guests paid for and do not get back, by the month of the night it falls on, by city and host. What is"
        " kept of nights that were given up is in it.",
        REVENUE,
        {
            **PLACE,
            "host_key": "dim_user.user_key; empty of hosts who were erased, all together",
            "currency": BY_CURRENCY["currency"],
            "sold_nights": "see property_months",
            "accommodation_minor": f"nights less discounts, {MINOR}",
            "extras_minor": f"extra guests, cleaning, and what alterations forfeited, {MINOR}",
            "service_fee_minor": f"guests' fees to the platform, {MINOR}",
            "tax_minor": f"occupancy tax, {MINOR}",
            "total_minor": f"all four, {MINOR}",
        },
    ),
    "cancellations": View(
        "Bookings that were paid for, by the month of their check-in, and how many of them were cancelled.",
        CANCELLATIONS,
        {
            **BY_CURRENCY,
            "bought": "bookings that were ever paid for",
            "cancelled_by_guest": "of them",
            "cancelled_by_host": "of them",
            "cancelled_by_platform": "of them",
            "cancellation_rate": "cancelled / bought",
            "given_back_minor": f"of the cancelled ones, {MINOR}",
            "kept_minor": f"of the cancelled ones, {MINOR}",
        },
    ),
    "stays": View(
        "Lead time and length of stay of bookings that were paid for, by the month of their check-in.",
        STAYS,
        {
            **PLACE,
            "bought": "bookings that were ever paid for, cancelled ones too: whose lead time is told",
            "mean_lead_days": "from the day of asking to check-in, both at the property, two digits",
            "median_lead_days": "the lower one of two in the middle",
            "not_cancelled": "of them: whose length is told",
            "mean_nights": "length of stay, two digits",
            "median_nights": "the lower one of two in the middle",
        },
    ),
    "nights_converted": View(
        "Paid nights in each base currency that there are rates for, at the rate of the day the booking was bought"
        " (UTC), or of the latest day before it, at most 7 days. NULL where there is none: look before you add up.",
        CONVERTED,
        {
            "booking_id": "with night and base: one row",
            "night": "see fact_nights",
            "property_id": "dim_property",
            "is_sold": "else given up",
            "currency": "what was paid in",
            "total_minor": "see fact_nights, in minor units of currency",
            "base": "what it is told in",
            "rate_day": "day of the rate; NULL: there was none",
            "rate": "currency per base",
            "rate_source": "who published it",
            "accommodation": "in whole units of base, eight digits",
            "total": "in whole units of base, eight digits",
        },
    ),
    "reconciliation": View(
        "These views against the ledger: every difference is 0 while all of `positions` say the same.",
        RECONCILIATION,
        {
            "figure": "what is compared: docs/analysts.md",
            "currency": "ISO 4217",
            "views_minor": f"what the views say, {MINOR}",
            "ledger_minor": f"what the ledger says, {MINOR}",
            "difference_minor": f"views less ledger, {MINOR}",
        },
    ),
}
