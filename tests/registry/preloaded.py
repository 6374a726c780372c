"""What each process of test_concurrent.py would import by itself, imported once for all of them."""

import govern.registry.register
import govern.registry.store  # noqa: F401
