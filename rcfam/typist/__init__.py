"""The teacher: turns a change into the keystrokes that make it."""
