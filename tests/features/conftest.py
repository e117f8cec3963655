"""Fixtures of the tests of features."""

import pytest
from support.small_runs import CASINO, COLLATERAL, HEAT, NOBODY_KNOWS, film_table


@pytest.fixture
def films():
    return film_table(HEAT, COLLATERAL, CASINO, NOBODY_KNOWS)
