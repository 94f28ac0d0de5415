"""`python -m runtally` is the `runtally` command."""

import sys

from runtally.cli.main import main

sys.exit(main())
