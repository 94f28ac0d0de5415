"""The ledger as SQL: named queries, migrations, and the databases that run them."""
