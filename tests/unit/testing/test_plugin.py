import pytest

pytest_plugins = ["pytester"]
PROJECT = (
    '[tool.flowstone]\nsources = ["hello_plugin.py"]\n[tool.flowstone.profiles.loud]\nparams = {greeting={mark="!"}}\n'
)
SOURCE = """
from flowstone import asset

@asset
def name() -> str:
    return "world"

@asset
def greeting(name: str, mark: str = ".") -> str:
    return f"hello {name}{mark}"
"""
TESTS = """
def test_greeting(flowstone_project):
    assert flowstone_project.make("greeting", {{"name": "you"}}) == "hello you{mark}"

def test_nothing_is_left_of_the_other_test(flowstone_project):
    assert flowstone_project.record("greeting") is None
    flowstone_project.run("+greeting")
    assert flowstone_project.value("greeting") == "hello world{mark}"
"""


@pytest.fixture
def project(pytester):
    folder = pytester.mkdir("project")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "hello_plugin.py").write_text(SOURCE)
    return pytester


def test_the_fixture_is_the_project_in_memory(project):
    project.makeini("[pytest]\nflowstone_root = project\n")
    project.makepyfile(TESTS.format(mark="."))
    project.runpytest_subprocess().assert_outcomes(passed=2)
    assert not (project.path / "project" / ".flowstone").exists()


def test_the_profile_is_a_setting(project):
    project.makeini("[pytest]\nflowstone_root = project\nflowstone_profile = loud\n")
    project.makepyfile(TESTS.format(mark="!"))
    project.runpytest_subprocess().assert_outcomes(passed=2)


def test_without_the_fixture_the_plugin_loads_nothing(project):
    project.makepyfile(
        """
        import sys

        def test_modules():
            assert not {"flowstone.testing.project", "pydantic"}.intersection(sys.modules)
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=1)
