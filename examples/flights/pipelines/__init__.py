"""Delays of the flights that left New York's airports in 2013."""
