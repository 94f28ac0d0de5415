"""The rules: isolation, life cycle, idempotency, limits, redaction, pricing. Plain functions over a unit of work."""
