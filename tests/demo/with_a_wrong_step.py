"""`./run demo --once` with a cottage in Norway, which step 4 finds out: python -m tests.demo.with_a_wrong_step"""

from __future__ import annotations

import sys

from infrastructure.cli import main
from infrastructure.demo import walk

if __name__ == "__main__":
    walk.COTTAGE["location"]["coordinates"] = {"latitude": 59.9139, "longitude": 10.7522}
    sys.argv = ["lodger", "demo", "--once"]
    main()
