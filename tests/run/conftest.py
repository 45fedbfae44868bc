import sys
from pathlib import Path

# Workers take over this process's import path, and so find the generators of these tests.
sys.path.insert(0, str(Path(__file__).parent / "generators"))
