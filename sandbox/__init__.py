"""A local stand-in for the billing APIs of the vendors, on a real port, with invented
invoices.
"""
