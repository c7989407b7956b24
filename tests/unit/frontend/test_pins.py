import pytest

from flowstone.frontend.pins import Pins, normal_name, pin_files, read_pins


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("requirements.txt", "# pins\nPolars[all]==1.2.3 ; python_version > '3.10' --hash=sha256:abc\nother>=2\n"),
        ("requirements-prod.txt", "polars == 1.2.3 \\\n    --hash=sha256:abc\n"),
        ("pyproject.toml", '[project]\ndependencies = ["polars[all]==1.2.3", "other>=2"]\n'),
        ("pyproject.toml", "[project.optional-dependencies]\nfast = [\"Polars == 1.2.3; python_version > '3.10'\"]\n"),
        ("pyproject.toml", '[dependency-groups]\nrun = ["polars==1.2.3", {include-group = "x"}]\nx = "y"\n'),
        ("constraints.txt", "polars===1.2.3  # comment\n"),
        (
            "uv.lock",
            'version = 1\n\n[[package]]\nname = "polars"\nversion = "1.2.3"\n[package.metadata]\nversion = "9"\n',
        ),
        ("poetry.lock", "[[package]]\nname = 'polars'\nversion = '1.2.3'\n[metadata]\nname = 'x'\nversion = '9'\n"),
        ("pdm.lock", '[[package]]\nname = "polars"\nversion = "1.2.3"\n'),
        ("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "polars"\nversion = "1.2.3"\n'),
        ("Pipfile.lock", '{"default": {"Polars": {"version": "==1.2.3"}}, "develop": {"x": {"git": "y"}}}'),
    ],
)
def test_every_form(tmp_path, file, text):
    (tmp_path / file).write_text(text)
    pins = read_pins(tmp_path)
    assert pins.versions == {"polars": "1.2.3"}
    assert pins.files == (tmp_path / file,)


def test_included_files_even_in_a_circle(tmp_path):
    (tmp_path / "requirements.txt").write_text("-r more/base.txt\n-c more/gone.txt\na==1\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/base.txt").write_text("b==2\n-r ../requirements.txt\n--requirement=other.txt\n")
    (tmp_path / "more/other.txt").write_text("c @ https://example.com/c-3.whl\n")
    assert read_pins(tmp_path).versions == {"a": "1", "b": "2", "c": "https://example.com/c-3.whl"}


def test_configured_files_replace_the_usual_ones(tmp_path):
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "pins.txt").write_text("a==2\n")
    assert pin_files(tmp_path, None) == (tmp_path / "requirements.txt",)
    assert read_pins(tmp_path, ["pins.txt"]).versions == {"a": "2"}


def test_several_versions_of_one_package(tmp_path):
    (tmp_path / "requirements.txt").write_text("a==2; python_version < '3.12'\na==1; python_version >= '3.12'\n")
    assert read_pins(tmp_path).of("a") == "a==1,2"


def test_files_that_cannot_be_read_pin_nothing(tmp_path):
    (tmp_path / "Pipfile.lock").write_text("{")
    (tmp_path / "pyproject.toml").write_text('project = ["a==1"')
    (tmp_path / "requirements.txt").write_bytes(b"\xff==1\n\0\nb==2\n")
    assert read_pins(tmp_path).versions == {"b": "2"}
    assert read_pins(tmp_path, ["gone.txt"]).versions == {}


@pytest.mark.parametrize(
    ("dotted", "pinned"),
    [
        ("polars.DataFrame", "polars==1.2"),
        ("PIL.Image", "pillow==11.0"),
        ("sklearn", "scikit-learn"),
        ("google.cloud.storage.Client", "google-cloud-storage==3.0"),
        ("google.cloud.bigquery", "google"),
        ("typing_extensions", "typing-extensions==4"),
        ("psycopg2", "psycopg2==2"),
    ],
)
def test_names_of_distributions(dotted, pinned):
    versions = {
        "polars": "1.2",
        "pillow": "11.0",
        "google-cloud-storage": "3.0",
        "typing-extensions": "4",
        "psycopg2": "2",
    }
    assert Pins(versions).of(dotted) == pinned


def test_normal_names():
    assert normal_name("Ruamel.YAML_x--y") == "ruamel-yaml-x-y"
