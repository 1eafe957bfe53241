"""Options that stand for keys of parameter dataclasses: `--style arrows` says what `-S render.style=arrows` says.

They are made of the dataclass's fields when a verb's options are asked for, so that no room is imported before.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from rcfam import params, schema
from rcfam.params import Setting


@dataclass(frozen=True)
class Fields:
    """The fields of one section that have options of their own, other than those that hold further keys."""

    section: str
    kind: Callable[[], type]
    """Imports the room and gives its dataclass."""
    leave_out: tuple[str, ...] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    """Field -> option, where they are called differently: `{"authors": "author"}`."""

    def options(self) -> "list[tuple[str, schema.Key]]":
        """Option's name in Python and the key that it stands for."""
        found = []
        for key in schema.keys(self.kind(), f"{self.section}."):
            name = key.name.rpartition(".")[2]
            if name not in self.leave_out and not schema.dataclasses_in(key.hint):
                found.append((self.called.get(name, name), key))
        return found


def command(*sections: Fields) -> type[TyperCommand]:
    """A command class whose verb has an option for each field; its parameter `settings` gets what they say."""

    class Derived(TyperCommand):
        @cached_property
        def keys(self) -> dict[str, schema.Key]:
            return {name: key for section in sections for name, key in section.options()}

        @cached_property
        def derived(self) -> list[Any]:
            return _made(self.keys)

        def get_params(self, ctx: Any) -> list[Any]:
            """The verb's own options, and those of the fields."""
            own = sorted(super().get_params(ctx), key=lambda parameter: parameter.name == "help")
            taken = {parameter.name for parameter in own}
            return [*own[:-1], *(option for option in self.derived if option.name not in taken), own[-1]]

        def invoke(self, ctx: Any) -> Any:
            """Run the verb; what options of fields say is added to its settings."""
            settings = list(ctx.params.get("settings") or ())
            for name in self.keys:
                given = ctx.params.pop(name, None)
                if given is not None and given != [] and given != ():
                    settings.append(_setting(self.keys[name], given))
            ctx.params["settings"] = settings
            return super().invoke(ctx)

    return Derived


def _made(keys: Mapping[str, schema.Key]) -> list[Any]:
    """Options as Typer makes them of a function's parameters."""

    def verb(**_: Any) -> None: ...

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(key))
        for name, key in keys.items()
    ]
    verb.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    verb.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app = typer.Typer(add_completion=False)
    app.command()(verb)
    made: Any = typer.main.get_command(app)
    return [option for option in made.params if option.name in keys]


def _annotation(key: schema.Key) -> Any:
    choices = schema.choices(key.hint)
    words = f"{key.summary} ({', '.join(choices)})." if choices else f"{key.summary}."
    base = _base(key.hint)
    kind: Any = bool if base is bool else list[str] if base is tuple else str
    metavar = None if base is bool else "VALUE"
    return Annotated[kind | None, typer.Option(help=words, metavar=metavar, show_default=False)]


def _base(hint: Any) -> Any:
    """The plain type of a field, without bounds and without None."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _base(arguments[0])
    if origin is typing.Literal:
        return str
    some = [argument for argument in arguments if argument is not type(None)]
    if origin is not None and type(None) in arguments and len(some) == 1:
        return _base(some[0])
    return origin or hint


def _setting(key: schema.Key, given: Any) -> Setting:
    """What an option said: text as it is where a text is meant, else as YAML reads it."""
    base = _base(key.hint)
    if base is not tuple:
        return Setting(key.name, given if base is bool else _value(key.name, base, given))
    inner = _base(typing.get_args(_unbounded(key.hint))[0])
    texts = given if inner is str else [part for text in given for part in text.split(",")]
    return Setting(key.name, [_value(key.name, inner, text) for text in texts])


def _unbounded(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _value(name: str, base: Any, text: str) -> Any:
    return text if base is str else params.setting(f"{name}={text}").value
