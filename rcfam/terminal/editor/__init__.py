"""The editor: as vim, as far as KEYS.md goes. A key goes from the top of this list to its bottom.

| what | where |
|---|---|
| keys become commands | `normal`, `visual`, `pending` (what was typed so far, and what `.` repeats), `prompt` (: / ?) |
| where a command leads | `motions`, `word_motions`, `objects`, `search`, `positions` |
| what it does| `operators`, `edits`, `indents`, `letter_case`, `insert`, `repetition`, `matching`, `undo`, `scrolling`|
| the text | `text` (line table, edits, undo log), `buffer` (from and to bytes), `budget` (its limits), `compaction` |
| the screen | `window` (what part of the text), `view` (what is redrawn), `draw`, `columns`, `ruler`, `messages` |
| in Python, after a trap | `commandline`, `ex`, `patterns`, `registers`, `repeat`; `host`: what they ask for |
"""
