"""Inside Airbnb's files: real listings and calendars of a city on one day, as CSV."""
