-- Some roles are given by the platform alone. Of those that are here already the next snapshot says so.

ALTER TABLE roles ADD COLUMN managed boolean NOT NULL DEFAULT false;
