"""Pages: what is on them, and how they are in a browser."""

import pytest

# What fails there is told as in a test.
pytest.register_assert_rewrite("tests.test_pages.browsing")
