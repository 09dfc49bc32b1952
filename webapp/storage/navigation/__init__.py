"""Plans and registrations of a study, as numbered files in its folder."""
