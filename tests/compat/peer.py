"""Requests of one chat platform, as JSON lines: made and judged by that platform's own library.

    peer.py slack|twilio|teams --seed 1 --originals 300 --mutants 3000

The first are as the platform makes them; the others were changed at random, and some of those signed again. `theirs` is the
library's verdict. `explained` names a difference that is known to us, whenever one is expected (see main.rs)."""

import argparse
import importlib
import logging
import random
import sys
import warnings

import cases


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("platform", choices=("slack", "twilio", "teams"))
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--originals", type=int, required=True)
    arguments.add_argument("--mutants", type=int, required=True)
    chosen = arguments.parse_args()
    # The libraries say a word on short keys and unknown algorithms, which are part of the mutations.
    warnings.simplefilter("ignore")
    logging.disable()
    peer = importlib.import_module(f"{chosen.platform}_peer")
    rng = random.Random(f"{chosen.platform} {chosen.seed}")
    for case, verdict in cases.generate(rng, peer.fresh, peer.judge, peer.MUTATIONS, chosen.originals, chosen.mutants):
        sys.stdout.write(cases.line(chosen.platform, case, verdict) + "\n")


main()
