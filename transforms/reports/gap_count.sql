-- One row: how many months of all accounts and all time are a gap.
SELECT count(*) AS gaps FROM dim_billing_periods WHERE is_gap
