-- Where an account lives: the address of another API than X's.
ALTER TABLE account ADD COLUMN api_url TEXT;
