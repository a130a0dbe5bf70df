"""Agreement, and what it leaves of a panel."""
