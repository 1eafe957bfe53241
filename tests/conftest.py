"""What every test starts from."""

import signal

# A shell's background jobs ignore SIGINT, and what they start inherits that: no test could interrupt anything there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
