DROP TABLE event;
DROP TABLE idempotency_key;
DROP TABLE room;
