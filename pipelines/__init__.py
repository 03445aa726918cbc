"""The job that brings invoices into the warehouse, in wings that import downwards only.

`cli` (commands and what they print) → `report` (what people ask of the published tables) → `job`
(a run, its steps and its alerts) → `publish` (the copy that readers open, and exports of it) →
`transform` (from SQL files to tables) → `warehouse` (its files, `raw`, what runs leave) → `config`
→ `errors`.
"""
