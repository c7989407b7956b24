"""What a run of a generated flow does."""

from __future__ import annotations

import hashlib

import yaml
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId


def test_a_chain_of_assets_is_stored_and_reused(compile_project):
    project = compile_project(
        """
        @asset
        def one() -> int:
            note("one")
            return 1

        @asset
        def two(one: int) -> int:
            note("two")
            return one + 1

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything")
    assert (state.name, state.message) == ("Completed", "2 Completed")
    assert project.value("two") == 2
    record = project.record("two")
    assert record.engine == "prefect"
    assert [item.asset for item in record.inputs] == ["one"]

    again = project.run("everything")
    assert (again.name, again.message) == ("Completed", "2 Cached")
    assert project.notes() == ["one", "two"]


def test_what_fails_is_named_and_what_reads_it_is_not_run(compile_project):
    project = compile_project(
        """
        @asset
        def broken() -> int:
            raise ValueError("no luck")

        @asset
        def reads_it(broken: int) -> int:
            note("reads_it")
            return 1

        @asset
        def beside() -> int:
            note("beside")
            return 1

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything")
    assert state.is_failed()
    assert state.message == "failed: broken (ValueError: no luck); not run: reads_it"
    assert project.notes() == ["beside"]
    assert project.record("broken") is None


def test_a_failure_is_tried_again(compile_project):
    project = compile_project(
        """
        @asset(retries=Retry(3, delay="10ms", backoff=2))
        def shaky(ctx: Context) -> int:
            note(f"attempt {ctx.attempt}")
            if ctx.attempt < 3:
                raise OSError("not yet")
            return 1

        everything = Job("everything", select="*")
        """
    )
    assert project.run("everything").is_completed()
    assert project.notes() == ["attempt 1", "attempt 2", "attempt 3"]


def test_only_the_exceptions_of_the_policy_are_tried_again(compile_project):
    project = compile_project(
        """
        @asset(retries=Retry(2, delay="10ms", on=[OSError]))
        def covered() -> int:
            note("covered")
            raise FileNotFoundError("a kind of OSError")

        @asset(retries=Retry(2, delay="10ms", on=[OSError]))
        def other() -> int:
            note("other")
            raise ValueError("something else")

        everything = Job("everything", select="*")
        """
    )
    assert project.run("everything").is_failed()
    assert sorted(project.notes()) == ["covered"] * 3 + ["other"]


def test_an_asset_that_exits_ends_nothing_but_itself(compile_project):
    project = compile_project(
        """
        import sys

        @asset(retries=Retry(1, delay="10ms"))
        def leaves() -> int:
            note("leaves")
            sys.exit(3)

        @asset
        def reads_it(leaves: int) -> int:
            return 1

        @asset
        def beside() -> int:
            note("beside")
            return 1

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything")
    assert state.message == "failed: leaves (StepFailedError: SystemExit: 3); not run: reads_it"
    assert sorted(project.notes()) == ["beside", "leaves", "leaves"]


def test_a_failed_blocking_check_keeps_the_value_back_and_is_not_tried_again(compile_project):
    project = compile_project(
        """
        @asset(retries=Retry(2, delay="10ms"))
        def number() -> int:
            note("number")
            return -1

        @check(asset="number", blocking=True)
        def positive(number: int) -> bool:
            return number > 0

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything")
    assert state.is_failed()
    assert "positive" in state.message
    assert project.notes() == ["number"]
    assert project.record("number") is None


def test_config_values_come_from_the_run_then_the_environment_then_the_default(compile_project, monkeypatch):
    project = compile_project(
        """
        @asset
        def number(size: int = 3, label: str = "x") -> str:
            return f"{label}{size}"

        everything = Job("everything", select="*")
        """
    )
    project.run("everything")
    assert project.value("number") == "x3"
    project.run("everything", number__size=5)
    assert project.value("number") == "x5"
    monkeypatch.setenv("FLOWSTONE_PARAMS__NUMBER__SIZE", "9")
    (project.output / "flowstone.json").touch()
    project.run("everything")
    assert project.value("number") == "x9"


def test_a_default_that_prefect_converts_is_still_the_default(compile_project):
    project = compile_project(
        """
        @asset
        def number(factor: float = 1, flag: int = True) -> str:
            return f"{factor} {flag}"

        everything = Job("everything", select="*")
        """
    )
    assert project.run("everything").is_completed()
    assert project.value("number") == "1 True"
    assert project.run("everything", number__factor=2).is_completed()
    assert project.value("number") == "2.0 True"


def test_a_config_value_of_the_wrong_type_is_refused(compile_project):
    project = compile_project(
        """
        @asset
        def number(size: int = 3) -> int:
            note("number")
            return size

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything", number__size="many")
    assert state.is_failed()
    assert "number__size" in state.message
    assert project.notes() == []


def test_one_function_may_make_several_assets(compile_project):
    project = compile_project(
        """
        @asset(outputs={"train": Output(), "test": Output()})
        def split() -> dict[str, int]:
            return {"train": 8, "test": 2}

        @asset
        def total(train: int, test: int) -> int:
            return train + test

        everything = Job("everything", select="*")
        """
    )
    assert project.run("everything").message == "2 Completed"
    assert project.value("total") == 10


def test_names_of_python_and_of_the_generated_file_are_fine_for_assets(compile_project):
    project = compile_project(
        """
        names = ["flow", "run", "JOB", "materialize", "task_runner", "everything", "int", "dt", "partition", "config"]

        def make(given: str):
            @asset(name=given, namespace="a")
            def anything(size: int = 1) -> int:
                return size

        for given in names:
            make(given)

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything", a__run__size=4)
    assert state.message == "10 Completed"
    assert project.value("a.run") == 4


def test_texts_of_users_stay_texts(compile_project):
    tag = "\x00\x85\u2028'\"\\ {x} # - : \x1b"
    hostile = "{{ 1 }} {partition} '''\\n\"\"\" \\\\ \N{SNOWMAN} \\x07 __import__('os')"
    project = compile_project(
        f"""
        @asset(description={hostile!r}, tags={{"a{{b}}": "{{{{ x }}}}"}}, owners=["o'\\"{{"])
        def one() -> int:
            return 1

        everything = Job("everything", select="*", description={hostile!r}, tags={{{tag!r}: ""}})
        """
    )
    assert project.run("everything").is_completed()
    (deployment,) = yaml.safe_load((project.output / "prefect.yaml").read_text())["deployments"]
    assert deployment["tags"] == ["flowstone", tag]


def test_static_partitions_are_all_made_or_the_one_asked_for(compile_project):
    project = compile_project(
        """
        regions = StaticPartitions("eu", "us", "a/b")

        @asset(partitioned_by=regions)
        def sales(ctx: Context) -> str:
            if ctx.partition.key == "us" and not (HERE / "open").exists():
                raise ValueError("closed")
            return ctx.partition.key

        @asset(partitioned_by=regions)
        def report(sales: str) -> str:
            return sales.upper()

        everything = Job("everything", select="*")
        """
    )
    state = project.run("everything", static="a/b")
    assert state.message == "2 Completed"
    assert project.value("report", "a~2Fb") == "A/B"
    state = project.run("everything")
    assert state.message == "failed: sales[us] (ValueError: closed); not run: report[us]"
    assert project.value("report", "eu") == "EU"
    (project.root / "open").touch()
    assert project.run("everything").message == "4 Cached, 2 Completed"
    assert project.run("everything", static="asia").is_failed()


def test_a_failure_tells_no_secret(compile_project, monkeypatch, capfd):
    """Neither the states that Prefect keeps, nor what it prints."""
    monkeypatch.setenv("ORDERS_TOKEN", "canary-token")
    monkeypatch.setenv("FLOWSTONE_PARAMS__BROKEN__TOKEN", '{"env": "ORDERS_TOKEN"}')
    project = compile_project(
        """
        @asset
        def broken(token: str = "") -> int:
            try:
                raise KeyError(token)
            except KeyError as error:
                raise ValueError(f"no use of {token}") from error

        secret = Job("secret", select="broken")
        """
    )
    state = project.run("secret")
    assert state.is_failed()
    with get_client(sync_client=True) as client:
        only = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
        kept = [run.model_dump_json() for run in client.read_task_runs(flow_run_filter=only)]
    said = "".join([*capfd.readouterr(), *kept, state.model_dump_json()])
    assert "no use of ***" in said
    assert "canary" not in said


def test_blocks_of_prefect_are_secrets(compile_project, monkeypatch):
    Secret(value="canary-token").save("shop-token", overwrite=True)
    for asset in ("INSIDE", "APART"):
        monkeypatch.setenv(f"FLOWSTONE_PARAMS__{asset}__URL", '{"prefect_secret": "shop-token"}')
    project = compile_project(
        """
        import hashlib

        @asset
        def inside(url: str = "") -> str:
            return hashlib.sha256(url.encode()).hexdigest()

        @asset(timeout="60s")
        def apart(url: str = "") -> str:
            return hashlib.sha256(url.encode()).hexdigest()

        blocks = Job("blocks", select="*")
        """
    )
    assert project.run("blocks").is_completed()
    digest = hashlib.sha256(b"canary-token").hexdigest()
    assert (project.value("inside"), project.value("apart")) == (digest, digest)


def test_a_block_that_prefect_lacks_is_named(compile_project, monkeypatch):
    monkeypatch.setenv("FLOWSTONE_PARAMS__LOST__URL", '{"prefect_secret": "nowhere"}')
    project = compile_project(
        """
        @asset
        def lost(url: str = "") -> str:
            return url

        blocks = Job("blocks", select="*")
        """
    )
    state = project.run("blocks")
    assert state.is_failed()
    assert "lost.url needs the Prefect block secret/nowhere" in state.message


def test_items_that_are_done_are_not_done_again(compile_project):
    project = compile_project(
        """
        @asset
        def urls() -> list[str]:
            return ["a", "b", "c"]

        @asset(scatter=Scatter(over="urls", as_="url", max_concurrent=1), retries=1)
        async def sizes(url: str) -> int:
            note(url)
            if project_notes() == ["a", "b"]:
                raise ConnectionError("not yet")
            return len(url)

        def project_notes():
            return (HERE / "notes").read_text().split()

        scattering = Job("scattering", select="*")
        """
    )
    assert project.run("scattering").is_completed()
    assert project.notes() == ["a", "b", "b", "c"]
    assert project.value("sizes") == [1, 1, 1]


def test_a_limit_holds_among_the_tasks_that_name_it(compile_project):
    project = compile_project(
        """
        import time

        def alone(value):
            note("in")
            time.sleep(0.1)
            note("out")
            return value

        @asset(concurrency="one")
        def first() -> int:
            return alone(1)

        @asset(concurrency="one", timeout="1m")
        def second() -> int:
            return alone(2)

        together = Job("together", select="*", concurrency=4)
        """,
        name="limited",
    )
    assert project.run("together").is_completed()
    assert project.notes() == ["in", "out"] * 2
    with get_client(sync_client=True) as client:
        limit = client.read_global_concurrency_limit_by_name("limited__one")
    assert (limit.limit, limit.active_slots) == (1, 0)
    assert project.run("together").message == "2 Cached"


def test_a_join_receives_the_failure_of_a_branch_and_the_flow_fails(compile_project):
    project = compile_project(
        """
        @asset
        def source() -> str:
            if (HERE / "broken").exists():
                raise ValueError("no source")
            return "north"

        @asset
        def maps(source: str) -> str:
            return source

        @asset
        def news() -> str:
            return "rain"

        @join(branches={"pictures": "maps", "news": "news"}, on_failure="partial")
        def edition(pictures: str | Failure, news: str | Failure) -> str:
            return f"{pictures}; {news}"

        @asset
        def printed(edition: str) -> str:
            return edition.upper()

        joined = Job("joined", select="*")
        """
    )
    (project.root / "broken").touch()
    state = project.run("joined")
    assert state.is_failed()
    assert state.message == "failed: source (ValueError: no source); not run: maps"
    assert project.value("printed") == "MAPS WAS NOT MADE; RAIN"
    (project.root / "broken").unlink()
    assert project.run("joined").is_completed()
    assert project.value("printed") == "NORTH; RAIN"
