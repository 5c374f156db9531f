-- Where an account lives and an app is registered: the address of another API than X's.
ALTER TABLE account ADD COLUMN api_url TEXT;
ALTER TABLE app ADD COLUMN api_url TEXT;
