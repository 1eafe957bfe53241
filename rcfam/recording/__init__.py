"""The termstream codec: terminal frames and keystrokes in one small seekable file. FORMAT.md specifies it."""

from rcfam.recording.layout import Mark, RecordingError
from rcfam.recording.reader import Reader
from rcfam.recording.repack import repack
from rcfam.recording.writer import Writer, appending

__all__ = ["Mark", "Reader", "RecordingError", "Writer", "appending", "repack"]
