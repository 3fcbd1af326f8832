-- The session that a ticket was issued from and ends with; an API key has none.
ALTER TABLE viewer_tickets ADD COLUMN session_hash bytea;
