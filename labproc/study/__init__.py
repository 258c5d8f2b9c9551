"""What a scientist writes about a study, checked."""
