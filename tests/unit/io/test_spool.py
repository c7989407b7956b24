import os

import pytest

from flowstone.io.spool import OpenFile, Spool

pa = pytest.importorskip("pyarrow")


@pytest.fixture
def file(tmp_path):
    """An open file that has lost its name."""
    (tmp_path / "file").write_bytes(b"0123456789")
    opened = OpenFile(os.open(tmp_path / "file", os.O_RDONLY))
    (tmp_path / "file").unlink()
    return opened


def test_a_file_is_read_from_any_place(file):
    assert file.read(3) == b"012"
    assert file.seek(-2, os.SEEK_END) == 8
    assert file.read() == b"89"
    assert (file.seek(-1, os.SEEK_CUR), file.tell()) == (9, 9)
    assert (file.readable(), file.seekable()) == (True, True)


def test_arrow_has_a_file_of_its_own(file):
    descriptor = file.fileno()
    native = file.to_arrow()
    assert isinstance(native, pa.OSFile)  # nothing of Python's, which its threads could not let go of at the end
    assert file.closed
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert native.read() == b"0123456789"


def test_a_spool_is_read_any_number_of_times_and_leaves_nothing(tmp_path):
    table = pa.table({"n": [1, 2, 3]})
    spool = Spool(tmp_path / "spools", table.schema)
    spool.fill([table, table])
    first = spool.batches()
    assert sum(batch.num_rows for batch in spool.batches()) == 6
    assert [part.num_rows for part in spool.tables()] == [3, 3]
    spool.discard()
    spool.discard()
    assert sum(batch.num_rows for batch in first) == 6
    assert list((tmp_path / "spools").iterdir()) == []
