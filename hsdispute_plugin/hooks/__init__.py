"""What others can attach: hook specifications, the records they exchange, the manager that checks them."""
