-- A second, small set of the tables that reports are made of: rows that differ in one thing each, which no two documents of
-- the corpus do, so that each order, bound and sum of a question shows. They don't add up to anything but in a question.
CREATE SCHEMA twins;

CREATE TABLE twins.fct_invoices AS FROM marts.fct_invoices LIMIT 0;
CREATE TABLE twins.fct_invoice_lines AS FROM marts.fct_invoice_lines LIMIT 0;
CREATE TABLE twins.fct_monthly_spend AS FROM marts.fct_monthly_spend LIMIT 0;
CREATE TABLE twins.fct_payment_status_history AS FROM marts.fct_payment_status_history LIMIT 0;
CREATE TABLE twins.spend AS FROM marts.spend LIMIT 0;
CREATE TABLE twins.payables AS FROM marts.payables LIMIT 0;
CREATE TABLE twins.invoice_changes AS FROM marts.invoice_changes LIMIT 0;
CREATE TABLE twins.dim_billing_periods AS FROM marts.dim_billing_periods LIMIT 0;
CREATE TABLE twins.load_results AS FROM marts.load_results LIMIT 0;
CREATE TABLE twins.published_results AS FROM marts.load_results LIMIT 0;
CREATE TABLE twins.accruals AS FROM marts.accruals LIMIT 0;
CREATE TABLE twins.fct_allocated_spend AS FROM marts.fct_allocated_spend LIMIT 0;
CREATE TABLE twins.team_budgets AS FROM marts.team_budgets LIMIT 0;
CREATE TABLE twins.close_differences AS FROM marts.close_differences LIMIT 0;

-- Before 'now' the account was billed in another currency; another account was; one is void, one upcoming. Of three that
-- began at once, one is smaller.
INSERT INTO twins.fct_invoices BY NAME
SELECT
    * EXCLUDE (month, link),
    make_timestamptz(2026, month, 1, 0, 0, 0) AS billing_period_start,
    make_timestamptz(2026, month + 1, 1, 0, 0, 0) AS billing_period_end,
    link AS invoice_url
FROM (
    VALUES
    ('now', 'v', 'a', 'EUR', 6, 100, 'open', 'https://vendor.example/now'),
    ('in dollars', 'v', 'a', 'USD', 5, 900, 'paid', NULL),
    ('of another', 'v', 'b', 'EUR', 5, 900, 'paid', NULL),
    ('void', 'v', 'a', 'EUR', 5, 900, 'void', 'http://vendor.example/void'),
    ('upcoming', 'v', 'a', 'EUR', 5, 900, 'upcoming', NULL),
    ('earliest', 'v', 'a', 'EUR', 2, 990, 'paid', NULL),
    ('a small one', 'v', 'a', 'EUR', 3, 300, 'paid', NULL),
    ('of two, the later', 'v', 'a', 'EUR', 3, 500, 'paid', NULL),
    ('of two', 'v', 'a', 'EUR', 3, 500, 'paid', NULL),
    ('void in June', 'v', 'a', 'EUR', 6, 70, 'void', NULL),
    ('nothing in June', 'v', 'a', 'EUR', 6, 70, 'paid', NULL),
    ('in pounds', 'w', 'p', 'GBP', 7, 7, 'unknown', NULL),
    ('still upcoming', 'w', 'p', 'GBP', 7, 8, 'upcoming', NULL)
) AS given (invoice_id, vendor, account, currency, month, total_cents, payment_status, link);

-- One rate on three bases.
UPDATE twins.fct_invoices SET reporting_currency = 'USD', exchange_rate = 1.5, exchange_rate_basis = CASE invoice_id
    WHEN 'now' THEN 'vendor' WHEN 'of two' THEN 'override' ELSE 'fixed' END
WHERE invoice_id IN ('now', 'of two', 'of two, the later');

-- What the demo's months show: one went, two were delisted, one was paid, one corrected, one issued; the rest is new.
CREATE TABLE twins.before_invoices AS
FROM twins.fct_invoices
WHERE invoice_id NOT IN ('now', 'in pounds');
UPDATE twins.fct_invoices SET delisted_at = TIMESTAMPTZ '2026-07-01'
WHERE invoice_id IN ('earliest', 'of another');
UPDATE twins.before_invoices SET invoice_id = 'settled' WHERE invoice_id = 'upcoming';
UPDATE twins.before_invoices SET payment_status = 'open' WHERE invoice_id = 'in dollars';
UPDATE twins.before_invoices SET payment_status = 'upcoming' WHERE invoice_id = 'of two';
UPDATE twins.before_invoices SET total_cents = 1 WHERE invoice_id = 'a small one';

INSERT INTO twins.invoice_changes BY NAME
SELECT * FROM (
    VALUES
    ('now', TIMESTAMPTZ '2026-07-01', 'total', '1', '2'),
    ('void', TIMESTAMPTZ '2026-07-01', 'total', '1', '2')
) AS given (invoice_id, changed_at, kind, before, after);

-- Six that differ by one in each column of the order in turn, those of the corpus' comparisons; the last two are turned
-- round, and so is what is ordered by amounts before.
INSERT INTO twins.fct_invoice_lines BY NAME
SELECT *, concat_ws(' ', invoice_id, category, sku, project, resource, amount_cents) AS line_id
FROM (
    VALUES
    ('now', 'b', 'b', 'b', 'b', 'b', 5),
    ('now', 'b', 'b', 'b', 'b', 'a', 5),
    ('now', 'b', 'b', 'b', 'a', 'z', 5),
    ('now', 'b', 'b', 'a', 'z', 'z', 5),
    ('now', 'b', 'a', 'z', 'z', 'z', 5),
    ('now', 'a', 'z', 'z', 'z', 'z', 5),
    ('now', 'a', NULL, NULL, NULL, 'EUR', 1),
    ('earliest', 'a', 'taken off', NULL, NULL, 'EUR', 50),
    ('earliest', 'a', 'taken off', NULL, NULL, 'EUR', 20),
    ('now', 'a', 'put on', NULL, NULL, 'EUR', 70),
    ('earliest', 'a', 'below', NULL, NULL, 'EUR', -100),
    ('now', 'a', 'below', NULL, NULL, 'EUR', -200),
    ('now', 'a', 'above', NULL, NULL, 'EUR', 100),
    ('earliest', 'a', 'hardly', NULL, NULL, 'EUR', 1000),
    ('now', 'a', 'hardly', NULL, NULL, 'EUR', 1001)
) AS given (invoice_id, category, sku, project, resource, currency, amount_cents);

-- The same six as of an account's months, and what is nothing or a cent in one month alone.
INSERT INTO twins.spend BY NAME
SELECT *, concat_ws(' ', month, vendor, account, sku, project, resource) AS line_id
FROM (
    VALUES
    (DATE '2026-06-01', 'b', 'b', 'b', 'b', 'b', 'EUR', 0.07),
    (DATE '2026-06-01', 'b', 'b', 'b', 'b', 'a', 'EUR', 0.07),
    (DATE '2026-06-01', 'b', 'b', 'b', 'a', 'z', 'EUR', 0.07),
    (DATE '2026-06-01', 'b', 'b', 'a', 'z', 'z', 'EUR', 0.07),
    (DATE '2026-06-01', 'b', 'a', 'z', 'z', 'z', 'EUR', 0.07),
    (DATE '2026-06-01', 'a', 'z', 'z', 'z', 'z', 'EUR', 0.07),
    (DATE '2026-06-01', 'c', 'a cent now', NULL, NULL, NULL, 'EUR', 0.01),
    (DATE '2026-05-01', 'c', 'a cent before', NULL, NULL, NULL, 'EUR', 0.01),
    (DATE '2026-06-01', 'c', 'nothing now', NULL, NULL, NULL, 'EUR', 0.00),
    (DATE '2026-05-01', 'c', 'nothing before', NULL, NULL, NULL, 'EUR', 0.00),
    (DATE '2026-05-01', 'w', 'p', 'one', NULL, NULL, 'GBP', 3.00),
    (DATE '2026-05-01', 'w', 'p', 'two', NULL, NULL, 'GBP', 5.00),
    (DATE '2026-05-01', 'd', 'd', 'one', NULL, NULL, 'USD', 3.00),
    (DATE '2026-05-01', 'd', 'd', 'two', NULL, NULL, 'USD', 5.00),
    (DATE '2026-06-01', 'w', 'p', 'unknown', 'unknown', NULL, 'GBP', NULL)
) AS given (month, vendor, account, sku, project, resource, currency, amount);

INSERT INTO twins.fct_monthly_spend BY NAME
SELECT month, line_id, vendor, account, currency, 'open' AS payment_status, CAST(amount * 100 AS BIGINT) AS amount_cents
FROM twins.spend;

-- Void and after the newest month, or of no month, twice each.
INSERT INTO twins.fct_monthly_spend BY NAME
SELECT *, 'v' AS vendor, 'a' AS account, 'EUR' AS currency
FROM (
    VALUES
    (DATE '2026-08-01', 'paid', 'nothing in June', 11),
    (DATE '2026-09-01', 'paid', 'nothing in June', 13),
    (DATE '2026-08-01', 'void', 'void in June', 17),
    (DATE '2026-06-01', 'void', 'void in June', 19),
    (NULL, 'void', 'void in June', 23),
    (NULL, 'paid', 'nothing in June', 29)
) AS given (month, payment_status, invoice_id, amount_cents);

-- Pounds have no closed month.
INSERT INTO twins.dim_billing_periods BY NAME
SELECT * FROM (
    VALUES
    ('v', 'a', DATE '2026-05-01', 1, TRUE),
    ('v', 'a', DATE '2026-06-01', 1, TRUE),
    ('v', 'b', DATE '2026-05-01', 1, TRUE),
    ('w', 'p', DATE '2026-07-01', 1, FALSE)
) AS given (vendor, account, month, invoices, is_closed);

-- The first has no invoice, the next two are of one day.
INSERT INTO twins.payables BY NAME
SELECT *, DATE '2026-06-01' AS billing_period_first_day, 'EUR' AS currency
FROM (
    VALUES
    ('a', 'a', 'nowhere', NULL, FALSE, 'unknown'),
    ('b', 'a', 'of two', NULL, FALSE, 'unknown'),
    ('a', 'z', 'void', 'http://vendor.example/void', FALSE, 'unknown'),
    ('v', 'a', 'now', 'http://vendor.example/now', TRUE, 'open')
) AS given (vendor, account, invoice_id, invoice_url, is_known, payment_status);

-- What is published was whole before a run that failed; so was one account.
INSERT INTO twins.load_results BY NAME
SELECT * FROM (
    VALUES
    (1, TIMESTAMPTZ '2026-03-01', 'v', 'a', 'ok'),
    (2, TIMESTAMPTZ '2026-06-01', 'v', 'a', 'ok'),
    (3, TIMESTAMPTZ '2026-07-01', 'v', 'a', 'failed'),
    (3, TIMESTAMPTZ '2026-07-01', 'w', 'p', 'ok')
) AS given (run_number, started_at, vendor, account, outcome);
INSERT INTO twins.published_results BY NAME
SELECT * FROM (
    VALUES
    (1, TIMESTAMPTZ '2026-03-01', 'v', 'a', 'ok'),
    (2, TIMESTAMPTZ '2026-05-01', 'v', 'a', 'ok'),
    (3, TIMESTAMPTZ '2026-06-15', 'v', 'a', 'failed')
) AS given (run_number, started_at, vendor, account, outcome);

-- What an upcoming invoice says and what a mean does, below zero, nothing, and of another month.
INSERT INTO twins.accruals BY NAME
FROM (
    VALUES
    (DATE '2026-06-01', 'v', 'a', 'GBP', 1.00, 'mean', 1),
    (DATE '2026-06-01', 'w', 'a', 'EUR', 4.00, 'mean', 3),
    (DATE '2026-06-01', 'v', 'd', 'EUR', 2.00, 'mean', 2),
    (DATE '2026-06-01', 'v', 'c', 'EUR', 0.00, 'upcoming', NULL),
    (DATE '2026-06-01', 'v', 'b', 'EUR', -3.00, 'upcoming', NULL),
    (DATE '2026-06-01', 'v', 'a', 'EUR', 5.00, 'upcoming', NULL),
    (DATE '2026-07-01', 'v', 'a', 'EUR', 7.00, 'upcoming', NULL)
) AS given (month, vendor, account, currency, amount, basis, months_averaged);

-- In June four teams cost the same; one cost as much as it got back, one nothing in May, one nothing in June, one a euro.
INSERT INTO twins.fct_allocated_spend BY NAME
SELECT *, 'EUR' AS currency
FROM (
    VALUES
    (DATE '2026-06-01', 'b', 4.00, FALSE),
    (DATE '2026-06-01', 'd', 4.00, FALSE),
    (DATE '2026-06-01', 'c', 4.00, FALSE),
    (DATE '2026-06-01', 'a', 4.00, TRUE),
    (DATE '2026-06-01', 'even', -9.00, FALSE),
    (DATE '2026-06-01', 'even', 9.00, FALSE),
    (DATE '2026-06-01', 'a euro', 1.00, FALSE),
    (DATE '2026-06-01', 'unallocated', 50.00, FALSE),
    (DATE '2026-05-01', 'in May', 6.00, FALSE),
    (DATE '2026-05-01', 'b', 3.00, FALSE)
) AS given (month, team, amount, is_estimate);

-- Lines of one difference, of which one is less.
INSERT INTO twins.close_differences BY NAME
SELECT *, DATE '2026-06-01' AS month
FROM (
    VALUES
    ('e', 'EUR', 2.00, 1.00, -1.00),
    ('b', 'EUR', 2.00, 1.00, -1.00),
    ('d', 'EUR', 1.00, 2.00, 1.00),
    ('a', 'EUR', 1.00, 2.00, 1.00),
    ('c', 'EUR', NULL, 0.50, 0.50),
    ('even', 'USD', 1.00, 2.00, 1.00),
    ('again', 'USD', 2.00, 1.00, -1.00)
) AS given (line_id, currency, amount_at_close, amount_now, difference);

-- Nothing left, and half a euro.
INSERT INTO twins.team_budgets BY NAME
SELECT *, DATE '2026-10-01' AS month, 'EUR' AS currency, 5.00 AS budget
FROM (
    VALUES
    ('all of it', 5.00, 0.00, FALSE),
    ('half a euro', 4.50, 0.50, FALSE),
    ('more', 5.01, -0.01, FALSE)
) AS given (team, spent, remaining, is_estimate);
