"""From a drop folder to a file that can be trusted."""
