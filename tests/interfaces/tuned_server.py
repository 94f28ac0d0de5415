"""A program: the HTTP server of the database that the first argument names, tuned as the second says in JSON.

`parser` is that of HTTP, `descriptors` how many files it may have open; any other word is one of `Bounds`.
"""

import dataclasses
import json
import resource
import sys

if __name__ == "__main__":
    database, tuned_json = sys.argv[1:]
    tuned = json.loads(tuned_json)
    if tuned.pop("parser") == "h11":
        sys.modules["httptools"] = None  # type: ignore[assignment] # as if it were not installed
    if descriptors := tuned.pop("descriptors", None):
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    from runtally import settings
    from runtally.cli import logs, serve_http
    from runtally.cli.http_connections import Bounds

    found = settings.read(database=database)
    logs.begin(found)
    bounds = dataclasses.replace(Bounds.of_this_process(), **tuned)
    sys.exit(serve_http.run(found, "127.0.0.1", 0, bounds=bounds))
