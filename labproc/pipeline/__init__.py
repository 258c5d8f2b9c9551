"""The only composer: raw files in, results out."""
