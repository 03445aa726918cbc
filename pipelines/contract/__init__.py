"""What every vendor's source keeps to, as tests that a package with a vendor of its own runs too.

It needs pytest and the extra `demo`, and no command imports it.
"""

import pytest

pytest.register_assert_rewrite("pipelines.contract.suite")
