ALTER TABLE chat RESET (autovacuum_vacuum_scale_factor);
