"""The environment: keystroke in, frame out. It knows nothing of git, of the teacher or of recordings.

`terminal` owns the windows and does what the compiled `kernels` cannot; `state` is what they see. `editor`, `shell` and
`syntax` (the editor's colours) each begin with a list of what stands where. KEYS.md says what every key does.
"""

from rcfam.terminal.limits import Limits
from rcfam.terminal.terminal import Terminal

__all__ = ["Limits", "Terminal"]
