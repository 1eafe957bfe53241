"""Layers that need every step before the next: LSTM, and xLSTM's sLSTM."""

# B examples, T steps, D width, H heads, E width of a head

import torch
from torch import Tensor, nn


class Lstm(nn.Module):
    """Layers of LSTM, one upon the other, as the paper's tables have it."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width, layers)
        with torch.no_grad():
            for layer in range(layers):
                self.lstm.get_parameter(f"bias_ih_l{layer}")[width : 2 * width] = 1.0  # the forget gate starts open

    def forward(self, x_BTD: Tensor) -> Tensor:
        y_TBD: Tensor = self.lstm(x_BTD.transpose(0, 1))[0]
        return y_TBD.transpose(0, 1)


class Slstm(nn.Module):
    """sLSTM (Beck et al. 2024, section 2.2): exponential input gate, normaliser, stabiliser, memory mixed in heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.enter = nn.Linear(width, 4 * width)  # input, forget, cell, output
        each = width // heads
        self.mix_HEG = nn.Parameter(torch.empty(heads, each, 4 * each).uniform_(-(each**-0.5), each**-0.5))
        with torch.no_grad():
            self.enter.bias[width : 2 * width] = torch.linspace(3.0, 6.0, width)  # forget gates start open

    def forward(self, x_BTD: Tensor) -> Tensor:
        count, steps, width = x_BTD.shape
        each = width // self.heads
        # gates of one head side by side: (T, B, H, 4, E)
        entered = self.enter(x_BTD).view(count, steps, 4, self.heads, each).permute(1, 0, 3, 2, 4)
        h = c = x_BTD.new_zeros(count, self.heads, each)
        n, m = torch.ones_like(c), torch.zeros_like(c)
        out: list[Tensor] = []
        for now in entered.unbind():
            mixed = torch.einsum("bhe,heg->bhg", h, self.mix_HEG).view(count, self.heads, 4, each)
            enter, forget, cell, leave = (now + mixed).unbind(2)
            forget = nn.functional.logsigmoid(forget) + m
            m = torch.maximum(forget, enter)
            forget, enter = torch.exp(forget - m), torch.exp(enter - m)
            c = forget * c + enter * torch.tanh(cell)
            n = forget * n + enter
            h = torch.sigmoid(leave) * c / n
            out.append(h)
        return torch.stack(out, dim=1).view(count, steps, width)
