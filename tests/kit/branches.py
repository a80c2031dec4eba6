"""Check coverage's JSON report, on standard input: are enough branches of each package taken?

coverage's own `fail_under` counts lines and branches together.
"""

import json
import sys

import click

ENOUGH = 95.0  # per cent


def main() -> int:
    files = json.load(sys.stdin)["files"]
    short = False
    for package in sys.argv[1:]:
        mine = [one["summary"] for name, one in files.items() if name.startswith(f"{package}/")]
        taken, there = (sum(one[f"{kind}_branches"] for one in mine) for kind in ("covered", "num"))
        share = 100 * taken / there
        short = short or share < ENOUGH
        click.echo(f"{package}: {taken} of {there} branches, {share:.1f} %, at least {ENOUGH:g}")
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
