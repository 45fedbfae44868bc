"""Public holidays of a country (extra `holidays`)."""

from __future__ import annotations

import datetime as dt

from understudy.core.errors import ArgumentError, MissingExtraError, did_you_mean


def holidays_of(country: str, first_year: int, last_year: int) -> list[dt.date]:
    """The public holidays of a country from a first to a last year, in order.

    Args:
        country: the two letters of ISO 3166-1, such as "US".

    Raises:
        MissingExtraError: the package holidays is not installed.
        ArgumentError: it knows no such country.
    """
    try:
        import holidays
    except ImportError:
        raise MissingExtraError.of("holidays", "Holidays") from None
    known = sorted(holidays.list_supported_countries())
    if country not in known:
        raise ArgumentError(f'No holidays are known of the country "{country}".', remedy=did_you_mean(country, known))
    return sorted(holidays.country_holidays(country, years=range(first_year, last_year + 1)))
