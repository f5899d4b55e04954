"""`decnet topology`: nested LANs with deckies that bridge them, one module per verb."""
