-- What hosts of old modules have: the tables, and the database accounts that those modules sign in with.

-- libnss-mysql, as its sample for Linux makes them.
CREATE DATABASE auth;
USE auth;
CREATE TABLE groups (name varchar(16) NOT NULL DEFAULT '', password varchar(34) NOT NULL DEFAULT 'x', gid int NOT NULL AUTO_INCREMENT, PRIMARY KEY (gid)) AUTO_INCREMENT = 5000;
CREATE TABLE grouplist (rowid int NOT NULL AUTO_INCREMENT, gid int NOT NULL DEFAULT 0, username char(16) NOT NULL DEFAULT '', PRIMARY KEY (rowid));
CREATE TABLE users (username varchar(16) NOT NULL DEFAULT '', uid int NOT NULL AUTO_INCREMENT, gid int NOT NULL DEFAULT 5000, gecos varchar(128) NOT NULL DEFAULT '',
  homedir varchar(255) NOT NULL DEFAULT '', shell varchar(64) NOT NULL DEFAULT '/bin/bash', password varchar(128) NOT NULL DEFAULT 'x', lstchg bigint NOT NULL DEFAULT 1,
  min bigint NOT NULL DEFAULT 0, max bigint NOT NULL DEFAULT 99999, warn bigint NOT NULL DEFAULT 0, inact bigint NOT NULL DEFAULT 0, expire bigint NOT NULL DEFAULT -1,
  flag bigint NOT NULL DEFAULT 0, PRIMARY KEY (uid), UNIQUE KEY username (username)) AUTO_INCREMENT = 5000;
INSERT INTO groups (name, gid) VALUES ('customers', 5000), ('editors', 5001);
INSERT INTO users (username, uid, gecos, homedir, password) VALUES
  ('alice', 5000, 'Alice', '/srv/people/alice', '$6$migratingalice$Xstzk8QZeWQo/D9IRyG3Kh6xOJ2/MwHIVM3ctYyqgwRBNZJNre2Kv8YzJnYEA1/ZVdJLLd79h0GzdouSKIheb/'),
  ('bob', 5001, 'Bob', '/srv/people/bob', '$1$bob$dlwhjUHkU.cVRA/da2azp.'),
  ('toor', 0, 'Root again', '/root', '$6$migratingcarol$iEqSW9TxbBsx4Mw9fwel/13MroLumO6As3i02Upn7mBfc2h5IO3dKzB9C1E66DGNp7oSZh8IAmx6G6HbGvI9l1');
UPDATE users SET uid = 0 WHERE username = 'toor';
INSERT INTO grouplist (gid, username) VALUES (5001, 'alice');
CREATE USER 'nss-user'@'localhost' IDENTIFIED BY 'userpass';
GRANT SELECT (username, uid, gid, gecos, homedir, shell) ON users TO 'nss-user'@'localhost';
GRANT SELECT ON groups TO 'nss-user'@'localhost';
GRANT SELECT ON grouplist TO 'nss-user'@'localhost';
CREATE USER 'nss-root'@'localhost' IDENTIFIED BY 'rootpass';
GRANT SELECT ON users TO 'nss-root'@'localhost';

-- vsftpd with pam_mysql, as many guides have it.
CREATE DATABASE vsftpd;
USE vsftpd;
CREATE TABLE accounts (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, username varchar(30) NOT NULL UNIQUE, pass varchar(128) NOT NULL, active tinyint NOT NULL DEFAULT 1);
INSERT INTO accounts (username, pass, active) VALUES
  ('alice', '$6$migratingalice$Xstzk8QZeWQo/D9IRyG3Kh6xOJ2/MwHIVM3ctYyqgwRBNZJNre2Kv8YzJnYEA1/ZVdJLLd79h0GzdouSKIheb/', 1),
  ('bob', '$1$bob$dlwhjUHkU.cVRA/da2azp.', 1),
  ('carol', '$6$migratingcarol$iEqSW9TxbBsx4Mw9fwel/13MroLumO6As3i02Upn7mBfc2h5IO3dKzB9C1E66DGNp7oSZh8IAmx6G6HbGvI9l1', 0);
CREATE USER 'vsftpd'@'localhost' IDENTIFIED BY 'ftp-secret';
GRANT SELECT ON accounts TO 'vsftpd'@'localhost';

-- Pure-FTPd, after its README.MySQL.
CREATE DATABASE pureftpd;
USE pureftpd;
CREATE TABLE users (User VARCHAR(16) NOT NULL PRIMARY KEY, Password VARCHAR(128) NOT NULL, Uid INT NOT NULL, Gid INT NOT NULL, Dir VARCHAR(128) NOT NULL,
  Status TINYINT NOT NULL DEFAULT 1);
INSERT INTO users VALUES
  ('alice', '$6$migratingalice$Xstzk8QZeWQo/D9IRyG3Kh6xOJ2/MwHIVM3ctYyqgwRBNZJNre2Kv8YzJnYEA1/ZVdJLLd79h0GzdouSKIheb/', 5000, 5000, '/srv/ftp/alice', 1),
  ('bob', '$1$bob$dlwhjUHkU.cVRA/da2azp.', 5001, 5000, '/srv/ftp/bob', 1),
  ('carol', '$6$migratingcarol$iEqSW9TxbBsx4Mw9fwel/13MroLumO6As3i02Upn7mBfc2h5IO3dKzB9C1E66DGNp7oSZh8IAmx6G6HbGvI9l1', 5002, 5000, '/srv/ftp/carol', 0),
  ('dave', MD5('dave-pw'), 5003, 5000, '/srv/ftp/dave', 1);
CREATE USER 'pureftpd'@'localhost' IDENTIFIED BY 'pure-secret';
GRANT SELECT ON users TO 'pureftpd'@'localhost';

-- ProFTPD's mod_sql, with the tables of its documentation.
CREATE DATABASE proftpd;
USE proftpd;
CREATE TABLE users (userid VARCHAR(30) NOT NULL UNIQUE, passwd VARCHAR(128) NOT NULL, uid INTEGER UNIQUE, gid INTEGER, homedir VARCHAR(255), shell VARCHAR(255),
  active TINYINT NOT NULL DEFAULT 1);
CREATE TABLE groups (groupname VARCHAR(30) NOT NULL, gid INTEGER NOT NULL, members VARCHAR(255));
INSERT INTO users VALUES
  ('alice', '$6$migratingalice$Xstzk8QZeWQo/D9IRyG3Kh6xOJ2/MwHIVM3ctYyqgwRBNZJNre2Kv8YzJnYEA1/ZVdJLLd79h0GzdouSKIheb/', 5000, 5000, '/srv/ftp/alice', '/bin/bash', 1),
  ('bob', CONCAT('{md5}', TO_BASE64(UNHEX(MD5('bob-pw')))), 5001, 5000, '/srv/ftp/bob', NULL, 1),
  ('carol', '$6$migratingcarol$iEqSW9TxbBsx4Mw9fwel/13MroLumO6As3i02Upn7mBfc2h5IO3dKzB9C1E66DGNp7oSZh8IAmx6G6HbGvI9l1', 5002, 5000, '/srv/ftp/carol', '/bin/bash', 0);
INSERT INTO groups VALUES ('customers', 5000, ''), ('editors', 5001, 'alice,,bob');
CREATE USER 'proftpd'@'localhost' IDENTIFIED BY 'pro-secret';
GRANT SELECT ON users TO 'proftpd'@'localhost';
GRANT SELECT ON groups TO 'proftpd'@'localhost';
