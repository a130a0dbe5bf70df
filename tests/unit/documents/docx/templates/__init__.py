"""Templates of Word documents."""
