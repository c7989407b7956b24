"""Configuration: one loader that reads files, profiles and variables once into one frozen value. Stdlib only."""
