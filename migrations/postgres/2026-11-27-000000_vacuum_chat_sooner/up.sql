-- A create leaves one dead row, and one dead entry in chat_opening_lease_until_idx, which recovery and the
-- gauge of opening chats walk through. By default they stay until they are a fifth of the table. A vacuum of
-- less than 2 % of the pages would leave the indexes as they are.
ALTER TABLE chat SET (autovacuum_vacuum_scale_factor = 0.02);
