"""The `rcfam` command. A stage's verb has a file of its own; heavy imports stay inside the verbs: --help is quick."""

import os
import resource
import sys
from contextlib import suppress
from importlib import metadata
from typing import Annotated

import typer

from rcfam import lifetime
from rcfam.cli import (
    clone,
    code,
    conversion,
    dataset,
    evaluate,
    failures,
    fit,
    inflate,
    model,
    options,
    outputs,
    params,
    recordings,
    render,
    replay,
    report,
    rollout,
    studies,
    tasks,
    tokenize,
    train,
    verify,
)
from rcfam.errors import RcfamError
from rcfam.printable import printable, say

_INTERRUPTED = 130
# Set by DVC for a stage, and by torchrun for a rank; whether what they start has a session of its own.
_STARTERS = {"DVC_STAGE": False, "TORCHELASTIC_RUN_ID": True}

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Git history to keystrokes, terminal frames, models and scaling laws.",
)


def _version(wanted: bool) -> None:
    if wanted:
        say(metadata.version("rcfam"))
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


app.command()(code.code)
app.command()(clone.clone)
app.command(cls=options.command(render.FIELDS))(render.render)
app.command()(verify.verify)
app.command()(recordings.info)
app.command()(recordings.play)
app.command()(conversion.export)
app.command("import")(conversion.import_)
app.command()(conversion.repack)
app.command()(tokenize.tokenize)
app.command()(dataset.dataset)
app.command()(train.train)
app.command()(replay.replay)
app.command()(evaluate.evaluate)
app.command()(rollout.rollout)
app.command()(studies.studies)
app.command()(studies.study)
app.command()(studies.paragraphs)
app.command(cls=options.command(fit.FIELDS))(fit.fit)
app.command()(report.report)
app.command("plots-template")(report.plots_template)
tasks.app.command(cls=options.command(inflate.FIELDS))(inflate.inflate)
app.add_typer(tasks.app, name="task")
app.command()(model.flops)
app.command("check")(outputs.verify_folder)
app.command()(params.preset)
app.command("params")(params.check)


def main() -> None:
    """Run the command line: bad input is one printable line on stderr and exit code 1, Ctrl-C exit code 130.

    So is what the machine refuses: a full disk, no memory. A reader of standard output that left is exit code 141.
    """
    status = _status()
    sys.exit(failures.finish_output() or status)


def _status() -> int | str | None:
    try:
        _follow_starters()
        _spare_address_space()
        app()
    except RcfamError as error:
        return _failed(str(error))
    except SystemExit as end:  # typer makes a silent exit of an interrupt
        return end.code if end.code != _INTERRUPTED else _failed("stopped", _INTERRUPTED)
    except KeyboardInterrupt:
        return _failed("stopped", _INTERRUPTED)
    except Exception as error:
        refused = failures.refused(error)
        if refused is None:
            raise
        return _failed(refused)
    return 0


def _failed(line: str, status: int = 1) -> int:
    with suppress(OSError):  # standard error is closed or full: the status says it
        say(f"rcfam: {printable(line)}", file=sys.stderr, flush=True)
    return status


def _spare_address_space() -> None:
    """Give Polars one thread, and its allocator none, where address space is bounded (`ulimit -v`): it aborts where a
    thread gets no memory.

    Polars reads its environment as it is imported, which only the verbs do.
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        given = os.environ.get("_RJEM_MALLOC_CONF")
        os.environ["_RJEM_MALLOC_CONF"] = "background_thread:false" + (f",{given}" if given else "")


def _follow_starters() -> None:
    """End when what runs this verb and waits for it ends: SIGKILL of `dvc repro` would leave its stage running."""
    for name, own_session in _STARTERS.items():
        value = os.environ.get(name)
        if value is None:
            continue
        try:
            pid = lifetime.starter(name, value, own_session)
            if pid is not None:
                lifetime.end_with(pid)
        except lifetime.OrphanError as error:
            raise RcfamError(f"what set {name} and started this command has ended") from error
