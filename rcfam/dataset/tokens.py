"""The tokens of one recording in a file, mapped into memory and never read as a whole."""

# N tokens, K breaks

import zipfile
from pathlib import Path
from tokenize import TokenError  # which NumPy's reader of headers lets through
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcfam import atomic
from rcfam.dataset.split import DatasetError

SUFFIX: Final = ".tokens.npz"
_LOCAL_HEADER_BYTES: Final = 30  # of a member of a ZIP file, APPNOTE 4.3.7, before its name and extra field


class Tokens(NamedTuple):
    """tokens_N int32, the frame before each one's first key starts_N int64, and the frames where no token may span,
    int64.
    """

    tokens_N: NDArray[np.int32]
    starts_N: NDArray[np.int64]
    breaks_K: NDArray[np.int64]


def save(path: Path, tokens: Tokens) -> None:
    """Write an uncompressed .npz file, which NumPy reads and `load` maps."""
    with atomic.writing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, tokens=tokens.tokens_N, starts=tokens.starts_N, breaks=tokens.breaks_K)


def load(path: Path) -> Tokens:
    """Map the file's arrays, read-only. Raises DatasetError where it is missing or damaged."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            tokens = Tokens(*(_member(path, file, archive, name) for name in ("tokens", "starts", "breaks")))
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, TokenError) as error:
        raise DatasetError(f"{path}: damaged tokens: {error}") from error
    if tokens.tokens_N.dtype != np.int32 or tokens.starts_N.dtype != np.int64 or tokens.breaks_K.dtype != np.int64:
        raise DatasetError(f"{path}: damaged tokens: types {[str(array.dtype) for array in tokens]}")
    if len(tokens.tokens_N) != len(tokens.starts_N):
        raise DatasetError(f"{path}: {len(tokens.tokens_N)} tokens but {len(tokens.starts_N)} starts")
    return tokens


def _member(path: Path, file, archive: zipfile.ZipFile, name: str) -> NDArray:  # type: ignore[no-untyped-def]
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    if len(header) < _LOCAL_HEADER_BYTES:
        raise ValueError(f"{name} is cut off")
    skip = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    file.seek(member.header_offset + _LOCAL_HEADER_BYTES + skip)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"{name} has array format {version}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if len(shape) != 1 or dtype.hasobject:
        raise ValueError(f"{name} has shape {shape} of {dtype}")
    if file.tell() + shape[0] * dtype.itemsize > member.header_offset + _LOCAL_HEADER_BYTES + skip + member.file_size:
        raise ValueError(f"{name} is cut off")
    if not shape[0]:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, "r", file.tell(), shape)
