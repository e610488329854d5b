"""Stand-ins of payment providers: processes of their own with ledgers of their own, that know nothing of Lodger."""
