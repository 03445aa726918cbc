-- One row per currency of ISO 4217: how many minor units make one of it. Funds, metals and test codes, which have no
-- minor unit, are left out: nothing is billed in them.
-- kept: view
WITH two_decimals AS (
    SELECT unnest(string_split(
        'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF '
        || 'CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ '
        || 'GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD '
        || 'MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD '
        || 'RUB SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH '
        || 'USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL', ' '
    )) AS currency
),

other_decimals AS (
    SELECT
        unnest(string_split('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', ' ')) AS currency,
        1 AS factor
    UNION ALL
    SELECT unnest(string_split('BHD IQD JOD KWD LYD OMR TND', ' ')) AS currency, 1000 AS factor
    UNION ALL
    SELECT unnest(string_split('CLF UYW', ' ')) AS currency, 10000 AS factor
)

SELECT currency, 100 AS minor_units_per_unit FROM two_decimals
UNION ALL
SELECT currency, factor AS minor_units_per_unit FROM other_decimals
