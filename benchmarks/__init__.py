"""Measurements for the README's table; nothing here is a test."""
