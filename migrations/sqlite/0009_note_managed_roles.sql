-- Some roles are given by the platform alone. Of those that are here already the next snapshot says so.

ALTER TABLE roles ADD COLUMN managed INTEGER NOT NULL DEFAULT 0 CHECK (managed IN (0, 1));
