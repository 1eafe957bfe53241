"""The `rows` head: each distinct row of a chunk is worked out once, then each frame attends to its rows.

    cells of a row -> patches of columns -> row vector          once per distinct row
    row vectors of a frame -> blocks across rows (optional) -> attention from the cursor's row -> frame vector
    the cells around the cursor -> frame vector                 "glimpse"

The first stage looks at nothing outside its row, so working on distinct rows gives the same numbers as working on all.
"""

# T steps, B streams, N = T x B frames, R rows, C columns, U distinct rows, P patches, E cell width, W row width, D
# width

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from rcfam.bounds import Range, check
from rcfam.model.blocks import Block, Mlp, block_flops
from rcfam.model.cell import CellEmbedding
from rcfam.model.frames import DataShape, Frames


@dataclass(frozen=True)
class RowsParams:
    """Works out each distinct row of a chunk once, then attends to the frame's rows from the cursor's row."""

    kind: ClassVar[str] = "rows"
    cell: Annotated[int, Range(1, 2**16)] = 16
    """Width of a cell's vector."""
    patch: Annotated[int, Range(1, 1_024)] = 8
    """Columns joined into one patch."""
    row: Annotated[int, Range(1, 2**16)] = 64
    """Width of a row's vector."""
    row_blocks: Annotated[int, Range(0, 1_000)] = 1
    """MLP blocks of the stage that looks at one row alone."""
    frame_blocks: Annotated[int, Range(0, 1_000)] = 0
    """Transformer blocks across the rows of a frame. With 0 only the cursor's row attends to the others."""
    heads: Annotated[int, Range(1, 1_024)] = 4
    """Attention heads; must divide `row`."""
    before: Annotated[int, Range(0, 1_024)] = 16
    """Cells left of the cursor that enter the frame's vector directly."""
    after: Annotated[int, Range(1, 1_024)] = 8
    """Cells from the cursor on that enter the frame's vector directly."""

    def __post_init__(self) -> None:
        check(self)
        if self.row % self.heads:
            raise ValueError(f"heads: {self.heads} does not divide row {self.row}")

    def build(self, width: int, glyphs: int, shape: DataShape) -> nn.Module:
        """A fresh head whose vectors have `width` numbers, with a glyph table of `glyphs` rows."""
        return RowsHead(self, width, glyphs, shape)

    def flops(self, width: int, shape: DataShape, distinct_rows: float) -> float:
        """Forward FLOPs a frame, of which `distinct_rows` rows are new to their chunk."""
        patches = -(-shape.columns // self.patch)
        a_row = 2.0 * patches * self.patch * self.cell * self.row + 2.0 * patches * self.row**2
        a_row += self.row_blocks * 2 * 2 * 2.0 * self.row**2
        key_value = 4.0 * self.row**2
        frame = self.frame_blocks * block_flops(shape.rows, self.row, 2)
        frame += 2.0 * self.row**2 + 4.0 * shape.rows * self.row + 2.0 * 2 * self.row * width
        frame += 2.0 * (self.before + self.after) * self.cell * width
        return distinct_rows * a_row + frame + key_value * (shape.rows if self.frame_blocks else distinct_rows)

    @classmethod
    def small(cls) -> "RowsParams":
        """A head of a few hundred weights, for tests."""
        return cls(cell=3, patch=4, row=6, row_blocks=1, frame_blocks=0, heads=2, before=3, after=2)


class RowsHead(nn.Module):
    """Frames -> (T, B, D)."""

    def __init__(self, params: RowsParams, width: int, glyphs: int, shape: DataShape) -> None:
        super().__init__()
        self.params, self.rows, self.columns = params, shape.rows, shape.columns
        patches = -(-shape.columns // params.patch)
        self.cell = CellEmbedding(params.cell, glyphs, shape.attributes_N3)
        self.patch = nn.Linear(params.patch * params.cell, params.row, bias=False)
        self.patch_position = nn.Parameter(torch.randn(patches, params.row) * 0.1)
        self.join = nn.Linear(patches * params.row, params.row, bias=False)
        self.row_mlp = nn.ModuleList(Mlp(params.row, 2) for _ in range(params.row_blocks))
        self.row_norm = nn.RMSNorm(params.row)
        self.row_position = nn.Parameter(torch.randn(shape.rows, params.row) * 0.1) if params.frame_blocks else None
        self.frame = nn.ModuleList(Block(params.row, params.heads, 2) for _ in range(params.frame_blocks))
        self.query = nn.Linear(params.row, params.row, bias=False)
        self.key_value = nn.Linear(params.row, 2 * params.row, bias=False)
        self.bias_absolute = nn.Parameter(torch.zeros(shape.rows, params.heads))
        self.bias_relative = nn.Parameter(torch.zeros(2 * shape.rows - 1, params.heads))
        self.glimpse = nn.Linear((params.before + params.after) * params.cell, width, bias=False)
        self.outside = nn.Parameter(torch.zeros(params.cell))
        self.out = nn.Linear(2 * params.row, width, bias=False)
        self.cursor_row = nn.Embedding(shape.rows, width)
        self.cursor_column = nn.Embedding(shape.columns, width)
        self.visible = nn.Embedding(2, width)
        for table in (self.cursor_row, self.cursor_column, self.visible):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, frames: Frames) -> Tensor:
        """frames of (R, C) as built -> embeddings (T, B, D)."""
        steps, streams, rows = frames.index_TBR.shape
        index_NR = frames.index_TBR.reshape(-1, rows)
        cursors_N3 = frames.cursors_TB3.reshape(-1, 3)
        row_N = cursors_N3[:, 0].clamp(0, rows - 1)
        column_N = cursors_N3[:, 1].clamp(0, self.columns - 1)
        shared_UX = frames.shared_UX
        if shared_UX is None:
            shared_UX = self.of_rows(frames.rows_UC, frames.cursor_column_U)
        own_N = index_NR.gather(1, row_N[:, None])[:, 0]
        pooled_NW, own_NW = self._pool(shared_UX, index_NR, own_N, row_N)
        out_ND = (
            self.out(torch.cat([own_NW, pooled_NW], dim=1))
            + self._glimpse(frames.rows_UC, own_N, column_N)
            + self.cursor_row(row_N)
            + self.cursor_column(column_N)
            + self.visible(cursors_N3[:, 2].clamp(0, 1))
        )
        return out_ND.view(steps, streams, -1)

    def of_rows(self, rows_UC: Tensor, cursor_column_U: Tensor) -> Tensor:
        """What each distinct row is worked out to: (U, W), or with its key and value, (U, 3W), where no blocks come
        between.
        """
        vectors_UW = self.row_vectors(rows_UC, cursor_column_U)
        return vectors_UW if self.frame else torch.cat([vectors_UW, self.key_value(vectors_UW)], dim=1)

    def row_vectors(self, rows_UC: Tensor, cursor_column_U: Tensor) -> Tensor:
        """The row-local stage: (U, C) -> (U, W). Row u of the answer depends on row u alone."""
        missing = -self.columns % self.params.patch
        columns_C = torch.arange(self.columns, device=rows_UC.device)
        cells_UCE = self.cell(rows_UC, columns_C == cursor_column_U[:, None])
        if missing:
            cells_UCE = torch.cat([cells_UCE, self.outside.expand(len(rows_UC), missing, -1)], dim=1)
        patches_UPF = cells_UCE.reshape(len(rows_UC), len(self.patch_position), self.patch.in_features)
        hidden_UPW = nn.functional.gelu(self.patch(patches_UPF) + self.patch_position)
        vectors_UW = self.join(hidden_UPW.flatten(1))
        for block in self.row_mlp:
            vectors_UW = block(vectors_UW)
        out_UW: Tensor = self.row_norm(vectors_UW)
        return out_UW

    def _pool(self, shared_UX: Tensor, index_NR: Tensor, own_N: Tensor, row_N: Tensor) -> tuple[Tensor, Tensor]:
        """Attention from the cursor's row over the frame's rows -> (pooled (N, W), the cursor's row (N, W))."""
        heads, rows = self.params.heads, index_NR.shape[1]
        if self.row_position is not None:
            frame_NRW = nn.functional.embedding(index_NR, shared_UX) + self.row_position
            for block in self.frame:
                frame_NRW = block(frame_NRW)
            own_NW = frame_NRW[torch.arange(len(row_N), device=row_N.device), row_N]
            key_value_NRW = self.key_value(frame_NRW)
        else:
            vectors_UW, key_value_UW = shared_UX.split([self.params.row, 2 * self.params.row], dim=1)
            own_NW = nn.functional.embedding(own_N, vectors_UW)
            key_value_NRW = nn.functional.embedding(index_NR, key_value_UW)
        key_NRHK, value_NRHK = key_value_NRW.unflatten(-1, (2, heads, -1)).unbind(2)
        query_NHK = self.query(own_NW).unflatten(-1, (heads, -1))
        relative_NR = torch.arange(rows, device=row_N.device) - row_N[:, None] + rows - 1
        bias_NHR = (nn.functional.embedding(relative_NR, self.bias_relative) + self.bias_absolute).transpose(1, 2)
        scores_NHR = torch.einsum("nhk,nrhk->nhr", query_NHK, key_NRHK) * query_NHK.shape[-1] ** -0.5 + bias_NHR
        pooled_NHK = torch.einsum("nhr,nrhk->nhk", scores_NHR.softmax(-1), value_NRHK)
        return pooled_NHK.flatten(1), own_NW

    def _glimpse(self, rows_UC: Tensor, own_N: Tensor, column_N: Tensor) -> Tensor:
        """The cells around the cursor, at their distance from it: (N, D)."""
        offsets_G = torch.arange(-self.params.before, self.params.after, device=column_N.device)
        columns_NG = column_N[:, None] + offsets_G
        inside_NG = (columns_NG >= 0) & (columns_NG < self.columns)
        cells_NG = rows_UC[own_N[:, None], columns_NG.clamp(0, self.columns - 1)]
        vectors_NGE = self.cell(cells_NG, torch.zeros_like(inside_NG))
        vectors_NGE = torch.where(inside_NG[..., None], vectors_NGE, self.outside)
        out_ND: Tensor = self.glimpse(vectors_NGE.flatten(1))
        return out_ND
