"""Fit the scaling law to runs of any origin: a CSV with the columns length, step, loss (and seed, wall_s).

python examples/fit_csv.py RUNS.csv
"""

import sys

import polars as pl

from rcfam.scaling import FitParams, analyse, conclusions, runs, summary


def main() -> None:
    """Print the exponent with its interval, and what the data support."""
    found = analyse(runs(pl.read_csv(sys.argv[1])), FitParams(window=1, bootstrap=500))
    law = summary(found)
    print(f"loss falls as length^-{law['alpha']:.3f} ({law['alpha_low']:.3f} to {law['alpha_high']:.3f})")
    print("\n".join(conclusions(found)))


if __name__ == "__main__":
    main()
