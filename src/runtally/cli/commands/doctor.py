"""`runtally doctor`: what state the database is in, and what to do about it."""

from runtally import bootstrap
from runtally.cli import output


def run(database: str | None, projects: str | None) -> int:
    """Print one line for each check, with what to do where it failed; 0 if all is well, else 7.

    Raises:
        InvalidInput: the environment says something that cannot be meant.
    """
    settings = bootstrap.settings_from_environment(database=database, projects=projects)
    output.say(f"database {settings.database}")
    findings = bootstrap.check_up(settings)
    for finding in findings:
        output.say(f"  {'ok  ' if finding.fine else 'FAIL'} {finding.check}: {finding.told}")
    output.say(f"  ok   binding: {settings.bound_to}" if settings.projects else f"  note binding: {_UNBOUND}")
    return 0 if all(finding.fine for finding in findings) else 7


_UNBOUND = "none; every call must name its project_key. Set RUNTALLY_PROJECT_KEY to bind the server to a project"
