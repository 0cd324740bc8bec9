"""What every client's script does to see whether it is answered from memory."""

import os
import sys
import time

HOST = os.environ["PGHOST"]
PORT = int(os.environ["PGPORT"])
USER = os.environ["PGUSER"]
PASSWORD = os.environ["PGPASSWORD"]
DATABASE = os.environ["PGDATABASE"]
LIMIT = 20.0


def check(holds, otherwise):
    if not holds:
        raise AssertionError(otherwise)


class Reads:
    """Counts reads until the first that is answered from memory, and pauses between them.

    The second is, if the edge knows the statement by then; a new table takes home a moment to publish.
    """

    def __init__(self, what):
        self.what = what
        self.seen = []
        self.pause = 0.05
        self.deadline = time.monotonic() + LIMIT

    def pause_after(self, last):
        """How long to wait before the next read; None if this one was a hit. last: outcome and reason."""
        self.seen.append(tuple(last))
        if last[0] == "hit":
            return None
        check(time.monotonic() < self.deadline, f"{self.what}: no hit in {len(self.seen)} reads: {self.seen[-5:]}")
        self.pause = min(2 * self.pause, 1)
        return self.pause


def done(client, hits):
    print(f"{client}: ok ({', '.join(f'{how}: hit on read {reads}' for how, reads in hits.items())})")
    sys.exit(0)
