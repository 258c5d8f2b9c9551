"""labproc: CAR-T counts, CD4:CD8 ratios and CAR copies per µg DNA from instrument files."""
