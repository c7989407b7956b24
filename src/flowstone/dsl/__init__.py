"""What users import. Standard library only."""
