"""`arms`: the table of methods."""

import argparse
import json
from dataclasses import asdict

from core.methods.arms import METHODS, Method, Setting


def run(options: argparse.Namespace) -> int:
    """`arms`: key, title, what each needs, and its settings with their ranges and the values at which it is its control exactly."""
    if options.json:
        print(json.dumps([_data(method) for method in METHODS.values()], ensure_ascii=False, indent=1))
        return 0
    widths = [max(len(cell) for cell in column) for column in zip(*map(_cells, METHODS.values()), strict=True)]
    for method in METHODS.values():
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(_cells(method), widths, strict=True)).rstrip())
        for setting in method.settings:
            print(f"{'':<{widths[0]}}    {_range(setting, method.control)}")
    return 0


def _cells(method: Method) -> tuple[str, str, str]:
    return method.key, method.title, f"needs {', '.join(method.needs)}" if method.needs else "needs nothing"


def _range(setting: Setting, control: str | None) -> str:
    equal = f"; at {setting.control:g} exactly {control}" if control is not None else ""
    return f"{setting.name}: {setting.title}, from {setting.low:g} to {setting.high:g}, default {setting.default:g}{equal}"


def _data(method: Method) -> dict[str, object]:
    """What a caller needs; how a method opens is nobody's business outside."""
    return {name: value for name, value in asdict(method).items() if name != "opens"}
