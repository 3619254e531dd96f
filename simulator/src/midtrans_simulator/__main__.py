"""`python -m midtrans_simulator`."""

from midtrans_simulator.cli import main

raise SystemExit(main())
