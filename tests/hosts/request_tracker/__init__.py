"""A real Request Tracker 5 shaped like a county hotline."""
