"""The command line `tuntas`.

Exit codes: 0 done; 1 the thing asked about is not as it should be; 2 the command cannot be carried out as
given (arguments, configuration); 3 something it needs is missing (order, database, server).
"""

from tuntas.cli.main import main

__all__ = ["main"]
