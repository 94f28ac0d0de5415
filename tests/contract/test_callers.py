"""What a caller may use comes from who it is; an argument can only narrow it, and every answer says what it used."""

import pytest

from runtally.domain.caller import AccessKey, Admission, Caller
from runtally.domain.errors import InvalidInput, NotAllowed, NotFound
from runtally.domain.ports import Database
from runtally.mcp_server.tools.registry import TOOLS
from runtally.storage.access_keys import SqlAccessKeys
from tests.contract.minimal import MINIMAL, RUN
from tests.door import BOUND, BOUND_TO_TWO, READER, START, UNBOUND, CountingClock, Door, an_id

pytestmark = pytest.mark.anyio

BY_RUN_ID = [name for name, arguments in MINIMAL.items() if "run_id" in arguments]
BY_PROJECT = [name for name in MINIMAL if name not in BY_RUN_ID]
NO_DEFAULT = AccessKey("k-1", "write", ("alpha", "beta"), START).caller


@pytest.mark.parametrize("tool", MINIMAL)
@pytest.mark.parametrize(
    ("caller", "project", "used"),
    [
        (BOUND, {}, "alpha"),
        (BOUND, {"project_key": "alpha"}, "alpha"),
        (BOUND, {"project_key": None}, "alpha"),
        (BOUND_TO_TWO, {"project_key": "beta"}, "beta"),
        (NO_DEFAULT, {"project_key": "beta"}, "beta"),
        (UNBOUND, {"project_key": "anything"}, "anything"),
    ],
    ids=["bound", "bound and named", "bound and null", "narrowed", "narrowed without a default", "unbound"],
)
async def test_every_answer_says_which_project_it_used(door: Door, tool, caller, project, used):
    await door.by(UNBOUND)("core_start_run", project_key=used, run_id=RUN)
    assert (await door.by(caller)(tool, **MINIMAL[tool], **project))["project_key"] == used


@pytest.mark.parametrize("tool", BY_PROJECT)
async def test_an_unbound_caller_is_told_how_to_name_a_project(door: Door, tool):
    error = await door.by(UNBOUND).refused(tool, **MINIMAL[tool])
    assert isinstance(error, InvalidInput)
    assert error.field == "project_key"
    assert error.message == (
        "project_key is needed here: this server is bound to no project; name one in the call, "
        "or set RUNTALLY_PROJECT_KEY and restart it"
    )


@pytest.mark.parametrize("tool", BY_PROJECT)
async def test_with_several_projects_the_first_is_the_default(door: Door, tool):
    assert (await door.by(BOUND_TO_TWO)(tool, **MINIMAL[tool]))["project_key"] == "alpha"


@pytest.mark.parametrize("tool", BY_PROJECT)
async def test_with_several_projects_and_no_default_one_must_be_named(door: Door, tool):
    error = await door.by(NO_DEFAULT).refused(tool, **MINIMAL[tool])
    assert isinstance(error, InvalidInput)
    assert (
        error.message == "project_key is needed here: this caller has several projects (alpha, beta); name one of them"
    )


@pytest.mark.parametrize("tool", BY_RUN_ID)
@pytest.mark.parametrize("caller", [BOUND_TO_TWO, NO_DEFAULT], ids=["with a default", "without"])
async def test_a_run_id_alone_is_looked_up_in_the_callers_projects_only(door: Door, tool, caller):
    await door.by(UNBOUND)("core_start_run", project_key="gamma", run_id=RUN)
    error = await door.by(caller).refused(tool, **MINIMAL[tool])
    assert isinstance(error, NotFound)
    await door.by(UNBOUND)("core_start_run", project_key="beta", run_id=RUN)
    assert (await door.by(caller)(tool, **MINIMAL[tool]))["project_key"] == "beta"


@pytest.mark.parametrize("tool", BY_RUN_ID)
@pytest.mark.parametrize("caller", [BOUND_TO_TWO, NO_DEFAULT], ids=["with a default", "without"])
async def test_a_run_id_in_two_of_the_callers_projects_must_be_narrowed(door: Door, tool, caller):
    for project_key in ("alpha", "beta", "gamma"):
        await door.by(UNBOUND)("core_start_run", project_key=project_key, run_id=RUN)
    error = await door.by(caller).refused(tool, **MINIMAL[tool])
    assert isinstance(error, InvalidInput)
    assert error.field == "project_key"
    assert error.message == (f"run_id {RUN} is in several projects (alpha, beta); name one as project_key")
    assert (await door.by(caller)(tool, **MINIMAL[tool], project_key="beta"))["project_key"] == "beta"


@pytest.mark.parametrize("tool", BY_RUN_ID)
async def test_an_unbound_callers_run_id_finds_its_project(door: Door, tool):
    unbound = door.by(UNBOUND)
    assert isinstance(await unbound.refused(tool, **MINIMAL[tool]), NotFound)
    await unbound("core_start_run", project_key="gamma", run_id=RUN)
    assert (await unbound(tool, **MINIMAL[tool]))["project_key"] == "gamma"
    await unbound("core_start_run", project_key="alpha", run_id=RUN)
    error = await unbound.refused(tool, **MINIMAL[tool])
    assert isinstance(error, InvalidInput)
    assert error.message == f"run_id {RUN} is in several projects (alpha, gamma); name one as project_key"


@pytest.mark.parametrize("tool", MINIMAL)
async def test_an_argument_never_widens_what_a_caller_may_use(door: Door, tool):
    await door.by(UNBOUND)("core_start_run", project_key="beta", run_id=RUN)
    error = await door.refused(tool, **MINIMAL[tool], project_key="beta")
    assert isinstance(error, NotAllowed)
    assert error.message == "project_key 'beta' is not one of this caller's projects (alpha); name one of these"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_the_role_read_may_look_and_not_write(door: Door, tool):
    await door.run(run_id=RUN)
    reader = door.by(READER)
    if not tool.writes:
        assert (await reader.unchanging(tool.name, **MINIMAL[tool.name]))["project_key"] == "alpha"
        return
    error = await reader.refused(tool.name, **MINIMAL[tool.name])
    assert isinstance(error, NotAllowed)
    assert (error.code, error.field) == ("forbidden", None)
    assert error.message == "this key has the role 'read' and this needs 'write'; use a key with that role"


@pytest.mark.parametrize("role", ["write", "admin"])
async def test_the_roles_write_and_admin_may_write(door: Door, role):
    assert await door.by(Caller(("alpha",), "alpha", role)).run(run_id=an_id(9)) == an_id(9)


KEY_HASH = "c" * 64


def admitted(key_hash: str | None) -> Caller:
    return Caller(("alpha",), "alpha", admission=Admission(key_hash))


async def keep_key(opened: Database, expires_at: int | None = None) -> None:
    key = AccessKey("k-1", "write", ("alpha",), START, expires_at)
    await opened.write(lambda store: SqlAccessKeys(store._tx).insert(key, KEY_HASH))


async def is_done(door: Door, tool: str, caller: Caller) -> bool:
    """Whether the call is done; proven to be refused for its admission and to have changed nothing where it is not."""
    assert caller.admission is not None
    try:
        assert (await door.by(caller)(tool, **MINIMAL[tool]))["project_key"] == "alpha"
    except NotAllowed:
        error = await door.by(caller).refused(tool, **MINIMAL[tool])
        assert "a bearer key is needed that is neither revoked nor expired" in error.message
        assert caller.admission.held is False
        return False
    assert caller.admission.held is True
    return True


@pytest.mark.parametrize("tool", MINIMAL)
async def test_a_call_is_done_only_if_its_key_can_be_used_in_its_transaction(
    door: Door, opened: Database, clock: CountingClock, tool
):
    await door.run(run_id=RUN)
    assert not await is_done(door, tool, admitted(KEY_HASH)), "there is no such key"
    await keep_key(opened, expires_at=START + 60_000_000)
    caller = admitted(KEY_HASH)
    assert await is_done(door, tool, caller)
    clock.advance(seconds=59)
    assert await is_done(door, tool, caller)
    clock.advance(seconds=1)
    assert not await is_done(door, tool, caller), "it has expired"
    clock.advance(seconds=-60)
    await opened.write(lambda store: SqlAccessKeys(store._tx).revoke("k-1", START))
    assert not await is_done(door, tool, caller), "it is revoked"


@pytest.mark.parametrize("tool", MINIMAL)
async def test_a_call_without_a_key_is_done_only_if_none_was_made_before_its_transaction(
    door: Door, opened: Database, tool
):
    await door.run(run_id=RUN)
    caller = admitted(None)
    assert await is_done(door, tool, caller)
    await keep_key(opened, expires_at=START + 1)
    assert not await is_done(door, tool, caller)
    await opened.write(lambda store: SqlAccessKeys(store._tx).revoke("k-1", START))
    assert not await is_done(door, tool, caller), "a key that can be used no more was made all the same"
