-- Central "auth" database: one row per system (SSH/FTP) account, replicated to every host, TLS required.
-- Sample account: alice, password "alice-pw" (SHA-512 crypt).
CREATE DATABASE IF NOT EXISTS auth;
CREATE TABLE IF NOT EXISTS auth.users (
  username VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, uid INT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE, gid INT UNSIGNED NOT NULL DEFAULT 5000,
  gecos VARCHAR(128) NOT NULL DEFAULT '', homedir VARCHAR(255) NOT NULL, shell VARCHAR(64) NOT NULL DEFAULT '/bin/bash', password VARCHAR(255) NOT NULL DEFAULT '!',
  lstchg INT NOT NULL DEFAULT 1, `min` INT NOT NULL DEFAULT 0, `max` INT NOT NULL DEFAULT 99999, warn INT NOT NULL DEFAULT 7, inact INT NOT NULL DEFAULT -1, expire INT NOT NULL DEFAULT -1) AUTO_INCREMENT=5000;
CREATE TABLE IF NOT EXISTS auth.`groups` (name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, gid INT UNSIGNED NOT NULL UNIQUE, password VARCHAR(64) NOT NULL DEFAULT 'x');
CREATE TABLE IF NOT EXISTS auth.grouplist (gid INT UNSIGNED NOT NULL, username VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, PRIMARY KEY (gid,username), KEY (username));
-- world-readable credentials: no hash columns; root-only credentials: everything
CREATE USER IF NOT EXISTS 'nss-user'@localhost IDENTIFIED BY 'goodsecret'        REQUIRE SSL;
CREATE USER IF NOT EXISTS 'nss-root'@localhost IDENTIFIED BY 'anothergoodsecret' REQUIRE SSL;
GRANT SELECT (username,uid,gid,gecos,homedir,shell) ON auth.users TO 'nss-user'@localhost;
GRANT SELECT ON auth.`groups` TO 'nss-user'@localhost;  GRANT SELECT ON auth.grouplist TO 'nss-user'@localhost;
GRANT SELECT ON auth.users TO 'nss-root'@localhost;  GRANT UPDATE (password,lstchg) ON auth.users TO 'nss-root'@localhost;
INSERT IGNORE INTO auth.users(username,homedir,password) VALUES ('alice','/var/jail/www/home/alice','$6$saltsaltsaltsalt$JZdv..J68OV8D98.xEvmNveso6WWmqQoAdx6cuVCP5W2.FWkZ2gWB0FfKZNvKdasQcBY4rFlQKGBIx8K9Qd9g/');
INSERT IGNORE INTO auth.`groups`(name,gid) VALUES ('webusers',5000),('shell',5001); INSERT IGNORE INTO auth.grouplist VALUES (5001,'alice');
