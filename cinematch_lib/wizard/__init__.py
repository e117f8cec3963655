"""The guided set-up: ``cinematch setup`` asks step by step, shows the command that comes of it, and runs it."""
