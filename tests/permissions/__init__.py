"""Who may do what: every route, asked by everybody, against the table in docs/permissions.md."""
