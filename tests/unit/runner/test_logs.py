import pytest

from flowstone.errors import StateError
from flowstone.runner.logs import Follower, mark, sections
from flowstone.runner.result import Order


def order(step, partition=None, attempt=1):
    return Order(step, partition, "run", attempt)


def write(path, text):
    with path.open("ab") as file:
        file.write(text)


def texts(folder):
    return [(item.head.step, item.head.attempt, b"".join(item.read())) for item in sections(folder)]


def test_each_attempt_has_what_was_printed_in_it(tmp_path):
    one, two = tmp_path / "worker-1.log", tmp_path / "worker-2.log"
    write(one, b"before the first\n")
    mark(one, order("a"))
    write(one, b"hello\nwithout end")
    mark(two, order("b"))
    mark(one, order("a", attempt=2))
    write(two, b"from b\n")
    write(one, b"again \x1e but no mark\n")
    assert texts(tmp_path) == [
        ("a", 1, b"hello\nwithout end"),
        ("b", 1, b"from b\n"),
        ("a", 2, b"again \x1e but no mark\n"),
    ]


def test_attempts_that_print_nothing_are_left_out_and_no_folder_is_no_text(tmp_path):
    mark(tmp_path / "worker-1.log", order("a"))
    mark(tmp_path / "worker-1.log", order("b"))
    assert texts(tmp_path) == []
    assert texts(tmp_path / "nowhere") == []


def test_a_folder_that_was_removed_meanwhile_is_told(tmp_path):
    with pytest.raises(StateError, match="removed while the run went on"):
        mark(tmp_path / "gone" / "worker-1.log", order("a"))


def test_a_follower_gives_each_line_once_and_when_it_is_complete(tmp_path):
    log = tmp_path / "worker-1.log"
    follower = Follower(tmp_path)

    def polled():
        return [(head.step, text) for head, text in follower.poll()]

    assert polled() == []
    mark(log, order("a"))
    write(log, b"one\n\ntw")
    assert polled() == [("a", "one"), ("a", "")]
    write(log, b"o")
    mark(log, order("b"))
    write(log, b"three\n")
    assert polled() == [("a", "two"), ("b", "three")]
    assert polled() == []
