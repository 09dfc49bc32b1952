"""What keeps a data folder in order: expiry by a timer, backups, repair, and a check of everything it promises."""
