import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lab import Lab  # noqa: E402


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as it:
        yield it
