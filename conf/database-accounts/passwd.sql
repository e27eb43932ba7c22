-- The procedure by which sqlmapd stores a new password: [queries] password_update of sqlmapd.toml. For MariaDB. See
-- doc/uses/database-accounts.md.
--
--   mariadb sftp < passwd.sql

DELIMITER //

-- It is run in a transaction, which SET PASSWORD ends by itself: so that is its last word, and either all of it has happened or
-- nothing. An account with several methods must have the one with the password as its first.
CREATE OR REPLACE PROCEDURE sqlmap_set_password (account VARCHAR(80) CHARACTER SET ascii, hash VARCHAR(255) CHARACTER SET ascii)
MODIFIES SQL DATA
SQL SECURITY DEFINER
BEGIN
  DECLARE pinned VARCHAR(255) CHARACTER SET ascii;
  -- Of those that may log in; for nobody else it fails. It is the one row of which sqlmapd wants to hear.
  SELECT a.host INTO pinned FROM sqlmap_accounts a JOIN nss_server_account s ON s.username = a.username
  WHERE a.username = account COLLATE ascii_bin;
  EXECUTE IMMEDIATE CONCAT('SET PASSWORD FOR ', QUOTE(account), '@', QUOTE(pinned), ' = ', QUOTE(hash));
END//

DELIMITER ;

GRANT EXECUTE ON PROCEDURE sqlmap_set_password TO '_sqlmapd'@'localhost';
