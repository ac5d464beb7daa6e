"""Public data sets read from disk in their own layouts, and what is measured on them."""
