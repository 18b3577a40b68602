"""Images in which a loop is closed by a stroke or opened by an erasure; `__main__` is the stage."""
