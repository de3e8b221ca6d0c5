"""The nouns of the ledger: frozen records, each field with its rule and unit (domain dictionary, section 2)."""
