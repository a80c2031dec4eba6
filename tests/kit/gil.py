"""Whether a package needs the GIL: import all of it, and ask a free-threaded Python."""

# It exits with 0 if the package does not need the GIL, or if this Python always has one.
NEEDS_NO_GIL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    importlib.import_module(module.name)
sys.exit("t" in sys.abiflags and sys._is_gil_enabled())
"""
