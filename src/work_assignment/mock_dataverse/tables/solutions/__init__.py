"""Unpacked solution folders, read into tables."""
