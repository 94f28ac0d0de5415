"""One module per command: `add` declares its arguments, `run` does it and returns the exit code.

Every start reads all of them, so what only some command needs is imported when that command runs.
"""
