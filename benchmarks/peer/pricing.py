"""Nights, extra guests, cleaning, the platform's fee, taxes: whole minor units, shares rounded half to even."""

from fractions import Fraction

SERVICE_FEE_BP = 1_200


def lines_of(listing, nights, guests):
    """The lines of a price as (kind, minor units)."""
    extra = max(0, guests - listing.guests_included)
    lines = [
        ("nights", listing.night_price * nights),
        ("extra_guests", listing.extra_guest_fee * extra * nights),
        ("cleaning", listing.cleaning_fee),
    ]
    base = sum(amount for _, amount in lines)
    lines += [("service", _share(base, SERVICE_FEE_BP)), ("tax", _share(base, listing.tax_bp))]
    return [(kind, amount) for kind, amount in lines if amount]


def _share(amount, basis_points):
    return round(Fraction(amount * basis_points, 10_000))
