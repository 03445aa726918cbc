"""The report: one HTML page about everything that is published.

`spend`, `attention` and `health` ask (SQL does all sums), `columns` draws, `contents` puts together
what they found, and `writing` fills the template and writes the file.
"""
