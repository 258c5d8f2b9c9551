"""Everything a person looks at; the only package that imports plotly and dash."""
