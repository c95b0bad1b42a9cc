//! How Discord asks and answers: the live feed of its gateway, and slash commands.
