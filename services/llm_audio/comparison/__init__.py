"""Several models put to the same question: what each answers, what each costs, and how far they agree."""
