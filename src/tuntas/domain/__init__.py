"""The payment rules: pure functions over small frozen values. Standard library only, no I/O, no clock."""
