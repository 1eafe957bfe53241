"""What SIGKILL leaves behind."""
