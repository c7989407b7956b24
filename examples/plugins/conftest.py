"""The plugins' own tests run where they are installed: see tests/unit/docs/test_io_pages.py."""

collect_ignore_glob = ["*"]
