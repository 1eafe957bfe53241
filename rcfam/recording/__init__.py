"""The termstream codec: frames, keystrokes and marks of one repository in one file."""
