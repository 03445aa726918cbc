"""A local stand-in for the billing APIs of the five vendors, on a real port, with invented
invoices.
"""
