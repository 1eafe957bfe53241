"""Slow interpreters of programs and mazes, which read text; the recurrence of a scan, step by step."""

from collections.abc import Sequence

import torch
from torch import Tensor

WAYS = {"LEFT": (0, -1), "RIGHT": (0, 1), "UP": (-1, 0), "DOWN": (1, 0)}


def run_program(lines: Sequence[str], values: int) -> tuple[str, list[str]]:
    """Where a program halts, A or B, and the labels that it comes through."""
    registers: dict[str, int] = {}
    passed: list[str] = []
    waiting_for: str | None = None
    holds = False
    for line in lines:
        words = line.split()
        if words[0].endswith(":"):
            if waiting_for in (None, words[0].rstrip(":")):
                waiting_for = None
                passed.append(words[0].rstrip(":"))
        elif waiting_for is not None:
            continue
        elif words[0] == "SET":
            registers[words[1]] = int(words[2])
        elif words[0] == "ADD":
            registers[words[1]] = (registers.get(words[1], 0) + int(words[2])) % values
        elif words[0] == "IF":
            value, bound = registers.get(words[1], 0), int(words[3])
            holds = {"==": value == bound, ">=": value >= bound}[words[2]]
        elif (words[0] == "THEN") == holds:
            if words[1] == "HALT":
                return words[2], passed
            waiting_for = words[1]
    raise AssertionError("the program ran past its end")


def walk_maze(picture: Sequence[str], start: int, moves: Sequence[str]) -> list[tuple[bool, int, int]]:
    """Whether each move moved, and the row and column after it; one step of a cell is two characters."""
    row = column = 2 * start + 1
    out = []
    for move in moves:
        down, right = WAYS[move]
        moved = picture[row + down][column + right] == " "
        if moved:
            row, column = row + 2 * down, column + 2 * right
        out.append((moved, row // 2, column // 2))
    return out


def scan(a_BTD: Tensor, b_BTD: Tensor) -> Tensor:
    """h[t] = a[t] h[t - 1] + b[t], one step after another."""
    h = torch.zeros_like(b_BTD[:, 0])
    out = []
    for a, b in zip(a_BTD.unbind(1), b_BTD.unbind(1), strict=True):
        h = a * h + b
        out.append(h)
    return torch.stack(out, 1)


def slstm(gates_BT4D: Tensor, mix_HEG: Tensor) -> Tensor:
    """sLSTM without its stabiliser, one example, step and head after another; gates: input, forget, cell, output."""
    count, steps, _, width = gates_BT4D.shape
    heads, each, _ = mix_HEG.shape
    out = torch.zeros(count, steps, width, dtype=gates_BT4D.dtype)
    for example in range(count):
        for head in range(heads):
            own = slice(head * each, (head + 1) * each)
            h = c = torch.zeros(each, dtype=out.dtype)
            n = torch.ones_like(c)
            for step in range(steps):
                mixed = (h @ mix_HEG[head]).view(4, each)
                enter, forget, cell, leave = gates_BT4D[example, step, :, own] + mixed
                enter, forget = torch.exp(enter), torch.sigmoid(forget)
                c = forget * c + enter * torch.tanh(cell)
                n = forget * n + enter
                h = torch.sigmoid(leave) * c / n
                out[example, step, own] = h
    return out
