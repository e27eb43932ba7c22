-- What a hosting server with MySQL has: accounts with sign-in of every kind.
CREATE USER alice@localhost IDENTIFIED BY 'alice-db-pw';
CREATE USER alice@'%' IDENTIFIED BY 'alice-other-pw';
CREATE USER bob@localhost IDENTIFIED WITH caching_sha2_password BY 'bob''s pass wörd "\\';
CREATE USER carol@localhost IDENTIFIED BY 'carol-db-pw' ACCOUNT LOCK;
CREATE USER dave@localhost IDENTIFIED WITH auth_socket;
CREATE USER erin@localhost IDENTIFIED BY 'erin-old-pw';
ALTER USER erin@localhost IDENTIFIED BY 'erin-db-pw' RETAIN CURRENT PASSWORD;
CREATE USER frank@localhost IDENTIFIED BY '';
CREATE USER grace@localhost IDENTIFIED BY 'grace-db-pw' PASSWORD EXPIRE;
CREATE USER heidi@localhost IDENTIFIED BY 'heidi-db-pw' PASSWORD EXPIRE INTERVAL 90 DAY;
CREATE USER ivan@localhost IDENTIFIED BY 'ivan-db-pw' AND IDENTIFIED WITH auth_socket;
CREATE USER replica@localhost IDENTIFIED BY 'replica-db-pw';
GRANT REPLICATION SLAVE ON *.* TO replica@localhost;
CREATE USER boss@localhost IDENTIFIED BY 'boss-db-pw';
GRANT ALL PRIVILEGES ON *.* TO boss@localhost;
CREATE USER sha@localhost IDENTIFIED WITH sha256_password BY 'sha-db-pw';
