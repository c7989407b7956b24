import pytest

from flowstone.frontend.importers import may_import


@pytest.mark.parametrize(
    "text",
    [
        "import pipelines.orders",
        "import orders as other",
        "from pipelines import orders",
        "from .orders import x",
        "from pipelines.orders import *",
        "def late():\n    from . import orders",
        "import pipelines\npipelines.orders.x",
        "import pipelines\ndef f(x: 'pipelines.orders.Order'): ...",
        "from pipelines.\\\norders import x",
        "from pipelines import (\n    a,\n    orders,\n)",
        "from pipelines import \uff4frders",
        "orders = (",
    ],
)
def test_what_may_import_a_module(text):
    assert may_import(["x = 1", text], "pipelines.orders")


@pytest.mark.parametrize(
    "text",
    [
        "def report(orders): ...",
        "# import orders",
        "'''Of the orders.'''\norders = 1",
        "from pipelines import orders_of_today",
        "from pipelines import x as orders",
    ],
)
def test_a_name_alone_is_no_import(text):
    assert not may_import([text], "pipelines.orders")


def test_a_word_in_many_texts_and_a_name_in_another_script_count_as_imported():
    assert may_import(["orders = 1"] * 50, "orders")
    assert may_import([], "größen")
