"""The arguments of `lanes check [OPTIONS] [HOST:PORT] [-- COMMAND...]`, parsed and checked."""

import math

import click

from lanes.check.address import Address

SPARE_DESCRIPTORS = 32


class WithCommand(click.Command):
    """A command that takes another command after `--`, as the parameter `command`, a tuple."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hide the words after `--` from click, which would take the first for our own argument."""
        at = args.index("--") if "--" in args else len(args)
        rest = super().parse_args(ctx, args[:at])
        ctx.params["command"] = tuple(args[at + 1 :])
        if at < len(args) and not ctx.params["command"]:
            raise click.UsageError("There is no command after --.", ctx)
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the parts of the usage line, with the other command."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def read_server(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> Address | None:
    """Parse HOST:PORT; raises BadParameter."""
    try:
        return Address.parse(text) if text is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def read_seconds(_context: click.Context, _option: click.Parameter, seconds: float) -> float:
    """Return the number of seconds; raises BadParameter for nan."""
    if math.isnan(seconds):  # every comparison with it is false, so click's ranges let it through
        raise click.BadParameter("nan is not a number of seconds.")
    return seconds


def allow_connections(count: int) -> None:
    """Raise this process's limit of descriptors as far as needed; raises UsageError."""
    try:
        import resource  # noqa: PLC0415 - Windows has no such module, and no such limit
    except ModuleNotFoundError:
        return
    needed = count + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise click.UsageError(
            f"{count} clients need {needed} file descriptors, but this process may have only "
            f"{hard}: use fewer clients, or raise the limit (ulimit -n)."
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
