"""A real Roundup tracker shaped like a county hotline."""
