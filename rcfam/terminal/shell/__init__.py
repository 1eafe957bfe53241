"""The shell: `readline` and `tty` are its keys and its screen, `words` reads a line, `shell` runs it.

Commands: `coreutils`, `ls` and `git` (what it prints), over `vcs` (commits and the index) and `renames`; `context` is
where a command runs.
"""
