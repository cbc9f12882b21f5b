"""The speeds and sizes that we promise; `make bench` prints them, beside the peer where there is one."""
