-- What a hosting server has: accounts of MariaDB, made and changed by whatever administers them, with sign-in of every kind.
INSTALL PLUGIN IF NOT EXISTS ed25519 SONAME 'auth_ed25519';
-- Debian's mariadb-server makes this one itself.
CREATE USER IF NOT EXISTS mysql@localhost IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket;
CREATE USER alice@localhost IDENTIFIED BY 'alice-db-pw';
CREATE USER bob@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD('bob-db-pw') OR unix_socket;
CREATE USER carol@localhost IDENTIFIED BY 'carol-db-pw' ACCOUNT LOCK;
CREATE USER dave@localhost IDENTIFIED VIA unix_socket;
CREATE USER erin@localhost IDENTIFIED VIA ed25519 USING PASSWORD('erin-db-pw');
CREATE USER frank@localhost IDENTIFIED BY '';
CREATE USER grace@localhost IDENTIFIED BY 'grace-db-pw' PASSWORD EXPIRE;
CREATE USER heidi@localhost IDENTIFIED BY 'heidi-db-pw' PASSWORD EXPIRE INTERVAL 90 DAY;
CREATE USER heidi@'%' IDENTIFIED BY 'heidi-other-pw';
CREATE USER ivan@localhost IDENTIFIED VIA unix_socket OR ed25519 USING PASSWORD('ivan-ed') OR mysql_native_password USING PASSWORD('ivan-native');
CREATE USER old@localhost IDENTIFIED VIA mysql_old_password USING '5d2e19393cc5ef67';
CREATE USER replica@localhost IDENTIFIED BY 'replica-db-pw';
GRANT REPLICATION SLAVE ON *.* TO replica@localhost;
CREATE USER boss@localhost IDENTIFIED BY 'boss-db-pw';
GRANT ALL PRIVILEGES ON *.* TO boss@localhost;
