"""`python -m rcfam`: the command, with this very Python."""

from rcfam.cli import main

main()
