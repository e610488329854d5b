"""Calendars of other marketplaces: asked for over HTTP, read as iCalendar, remembered in plain tables."""
