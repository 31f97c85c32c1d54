"""Files that come with the package: the words of notifications."""
