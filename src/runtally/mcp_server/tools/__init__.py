"""The tools, as data: what the model reads of each, and the service method that does it."""
