"""The face engine of Age Mirror: pictures in, faces and aged pictures out. It knows nothing of windows.

Importing this package is cheap: no network library is loaded until a network is.
"""

from __future__ import annotations

import os

# NumPy's second OpenBLAS thread spins for tens of milliseconds after each small matrix product: measured in the live
# picture, that is 22 ms of a core a frame for nothing. It reads this when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
