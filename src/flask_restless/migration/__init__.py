"""What differs for the users of earlier generations: as tables, which the guides and `check-migration` share."""
