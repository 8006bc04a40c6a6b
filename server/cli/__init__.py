"""The ``lienthong`` command: one file per group of commands; calls services, never stores."""
