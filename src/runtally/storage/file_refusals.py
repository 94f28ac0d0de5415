"""What it means to a person that a file, or the log that belongs to it, is not where it was."""

from runtally.domain.errors import Unavailable


def opened_before_fork() -> Unavailable:
    """Why a forked child cannot use a file that its parent had open."""
    return Unavailable(
        "the database was opened before this process was forked from another, and its locks do not hold here. Nothing "
        "was recorded. Start the child as a program of its own (spawn, not fork), or close the database before the fork"
    )


def parted_from_its_log() -> Unavailable:
    """Why a file cannot be used beside which another file's log is."""
    return Unavailable(
        "the database file was moved, deleted or replaced, and the -wal file that belongs to it still holds what was "
        "recorded last. Nothing was recorded. Put the file back; or, to go on without it, move its -wal and -shm files "
        "away too"
    )


def log_removed() -> Unavailable:
    """Why a file cannot be used whose log was removed, but not yet what was in it."""
    return Unavailable(
        "the -wal or -shm file of the database was removed while a server had it open. Nothing was recorded. Every "
        "Runtally that has it open saves what they held into the database within seconds: keep them running, and try "
        "again in a moment"
    )


def log_replaced() -> Unavailable:
    """Why a file cannot be used beside which another process has begun another log."""
    return Unavailable(
        "the -wal or -shm file of the database was removed while this server had it open, and another process has "
        "begun new ones. Nothing was recorded. If that was a Runtally, it has saved what they held; else what was "
        "recorded shortly before may be missing. Try again"
    )


def not_confirmed() -> Unavailable:
    """Why what was committed cannot be acknowledged."""
    return Unavailable(
        "the database file, its -wal or its -shm was moved, removed or replaced while this was being recorded, and it "
        "is not known to be stored. Put the file back; then look whether it is there, or send it again with the same "
        "idempotency_key"
    )
