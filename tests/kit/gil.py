"""Whether a package needs the GIL: what a free-threaded Python says that has imported all of it."""

# Its exit code is 0 if it does not, or if this Python has the GIL anyway.
NEEDS_NO_GIL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    importlib.import_module(module.name)
sys.exit("t" in sys.abiflags and sys._is_gil_enabled())
"""
