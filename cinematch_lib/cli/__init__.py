"""The command ``cinematch``."""
