"""The viewer page of one study: a thin trame session a browser, and the vtk.js component that draws."""

import os

# Before trame is imported: else it parses the arguments of whatever program imports it.
os.environ.setdefault("TRAME_ARGS", "--server")
