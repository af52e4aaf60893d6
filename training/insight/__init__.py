"""What the networks see: pictures of their filters, features, favourites, reasons, and of the spaces they make."""
