"""Parts of the model, one number after another: plain NumPy loops over float64."""

# T steps, D width, S positions, K width of an attention head

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def normed(x_D: Array, gain_D: Array) -> Array:
    """RMSNorm."""
    return x_D / math.sqrt(float(np.mean(x_D**2)) + np.finfo(np.float64).eps) * gain_D


def gelu(x_D: Array) -> Array:
    return np.array([0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in x_D.tolist()])


def sigmoid(x_D: Array) -> Array:
    return 1 / (1 + np.exp(-x_D))


def mlp(x_D: Array, weights: dict[str, Array]) -> Array:
    """x + down(GELU(up(norm(x))))."""
    return x_D + weights["down.weight"] @ gelu(weights["up.weight"] @ normed(x_D, weights["norm.weight"]))


def part(weights: dict[str, Array], name: str) -> dict[str, Array]:
    """The weights below a name."""
    return {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}


def lstm_stack(x_TD: Array, weights: dict[str, Array], layers: int) -> Array:
    """Residual LSTM, then MLP; gates stand in the order input, forget, cell, output."""
    width = x_TD.shape[1]
    for layer in range(layers):
        cell = part(weights, f"lstm.{layer}")
        start = weights["start"] if "start" in weights else np.zeros((2 * layers, width))
        h, c = start[2 * layer], start[2 * layer + 1]
        out = []
        for x in x_TD:
            gates = cell["weight_ih_l0"] @ normed(x, weights[f"norm.{layer}.weight"]) + cell["bias_ih_l0"]
            i, f, g, o = np.split(gates + cell["weight_hh_l0"] @ h + cell["bias_hh_l0"], 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            branch = weights[f"project.{layer}.weight"] @ h if f"project.{layer}.weight" in weights else h
            out.append(mlp(x + branch, part(weights, f"mlp.{layer}")))
        x_TD = np.stack(out)
    return x_TD


def attention(q_K: Array, keys_SK: list[Array], values_SK: list[Array]) -> Array:
    """One query over some keys."""
    scores = [float(q_K @ key) / math.sqrt(len(q_K)) for key in keys_SK]
    powers = [math.exp(score - max(scores)) for score in scores]
    mixed_SK = np.stack([power / sum(powers) * value for power, value in zip(powers, values_SK, strict=True)])
    return np.asarray(mixed_SK.sum(axis=0))


def attention_stack(x_TD: Array, weights: dict[str, Array], layers: int, heads: int) -> Array:
    """Every step attends to itself and to the steps before it; the last learned position serves all later ones."""
    positions = weights["position"]
    x_TD = np.stack([x + positions[min(t, len(positions) - 1)] for t, x in enumerate(x_TD)])
    for layer in range(layers):
        gain, packed = weights[f"norm.{layer}.weight"], weights[f"qkv.{layer}.weight"]
        q, k, v = np.split(np.stack([packed @ normed(x, gain) for x in x_TD]), 3, axis=1)
        out = []
        for t, x in enumerate(x_TD):
            mixed = [
                attention(q[t, head], list(k[: t + 1, head]), list(v[: t + 1, head]))
                for head in np.split(np.arange(x.size), heads)
            ]
            branch = weights[f"project.{layer}.weight"] @ np.concatenate(mixed)
            out.append(mlp(x + branch, part(weights, f"mlp.{layer}")))
        x_TD = np.stack(out)
    return x_TD


def sum_stack(x_TD: Array, weights: dict[str, Array], layers: int) -> Array:
    """Every step sees the sum of all steps so far over the square root of their number."""
    for layer in range(layers):
        total, out = np.zeros(x_TD.shape[1]), []
        for count, x in enumerate(x_TD, start=1):
            total = total + weights[f"value.{layer}.weight"] @ normed(x, weights[f"norm.{layer}.weight"])
            branch = weights[f"project.{layer}.weight"] @ (total / math.sqrt(count))
            out.append(mlp(x + branch, part(weights, f"mlp.{layer}")))
        x_TD = np.stack(out)
    return x_TD


def cell_vector(glyph: int, look: tuple[int, int, int], cursor: bool, weights: dict[str, Array]) -> Array:
    """One cell: look is the table rows of foreground, background and style; glyph the table row of the code point."""
    vector = weights["glyph.weight"][glyph] + weights["foreground.weight"][look[0]]
    vector = vector + weights["background.weight"][look[1]] + weights["style.weight"][look[2]]
    return vector + weights["cursor"] if cursor else vector
