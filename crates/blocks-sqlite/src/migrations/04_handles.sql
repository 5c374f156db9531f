-- One user is found by handle without a look at the others.
CREATE INDEX member_username ON member (read, username_key);
