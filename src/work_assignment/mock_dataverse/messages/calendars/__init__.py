"""Calendars: recurring rules turned into blocks of time."""
