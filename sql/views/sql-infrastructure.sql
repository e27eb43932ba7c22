-- Login accounts and mail accounts of a fleet that shares one user database; the tables are libnss-mysql's classic ones.
--
--   mariadb -e 'CREATE DATABASE IF NOT EXISTS auth'
--   mariadb auth < sql-infrastructure.sql
--
-- Run it on the server that is written, as often as you like: tables that exist stay as they are, and replicas follow. It makes no
-- database user: each host gets two of its own, see conf/sql-infrastructure/auth-host. doc/uses/sql-infrastructure.md goes through
-- all of it.

SET NAMES utf8mb4;

-- One row for each person. The numbers of shadow(5) are days; -1 is an empty field.
CREATE TABLE IF NOT EXISTS users (
  username VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  uid      INT UNSIGNED NOT NULL AUTO_INCREMENT,         -- nobody else's, on any host, ever
  gid      INT UNSIGNED NOT NULL DEFAULT 5000,           -- the primary group
  gecos    VARCHAR(128) NOT NULL DEFAULT '',
  homedir  VARCHAR(255) NOT NULL,
  shell    VARCHAR(64)  NOT NULL DEFAULT '/bin/bash',
  password VARCHAR(255) NOT NULL DEFAULT '!',            -- of crypt(5), since pam_unix reads it; '!' in front of it locks it
  lstchg   INT NOT NULL DEFAULT 1,
  `min`    INT NOT NULL DEFAULT 0,
  `max`    INT NOT NULL DEFAULT 99999,
  warn     INT NOT NULL DEFAULT 7,
  inact    INT NOT NULL DEFAULT -1,
  expire   INT NOT NULL DEFAULT -1,
  PRIMARY KEY (username),
  UNIQUE KEY uid (uid)
) ENGINE = InnoDB AUTO_INCREMENT = 5000;

CREATE TABLE IF NOT EXISTS `groups` (
  name     VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  gid      INT UNSIGNED NOT NULL,
  password VARCHAR(64) NOT NULL DEFAULT 'x',             -- nobody joins a group by a password: not read
  PRIMARY KEY (name),
  UNIQUE KEY gid (gid)
) ENGINE = InnoDB;

-- Further groups of a person, beside the primary one.
CREATE TABLE IF NOT EXISTS grouplist (
  gid      INT UNSIGNED NOT NULL,
  username VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (gid, username),
  KEY username (username)
) ENGINE = InnoDB;

-- Mailboxes. They are nobody on a host: no uid, no shell, no home.
CREATE TABLE IF NOT EXISTS mailboxes (
  address  VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  password VARCHAR(255) NOT NULL DEFAULT '!',
  enabled  TINYINT NOT NULL DEFAULT 1,
  PRIMARY KEY (address)
) ENGINE = InnoDB;

-- passwd(5). Never a hash, so that any account of a host may read it.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwnam AS
SELECT username, 'x' AS password, uid, gid, gecos, homedir, shell FROM users;

-- shadow(5), with the hash, for root of the host: Debian's own pam_unix verifies it.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getspnam AS
SELECT username, password, lstchg, `min`, `max`, warn, inact, expire, 0 AS flag FROM users;

-- group(5).
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getgrnam AS
SELECT name AS groupname, 'x' AS password, gid FROM `groups`;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_memsbygid AS
SELECT gid, username FROM grouplist;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_gidsbymem AS
SELECT username, gid FROM grouplist;

-- What opens a person's account where pam_sqlmap asks: the old password of `passwd`.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_mysql AS
SELECT username, password FROM users;

-- What opens a mailbox; the host's query `auth` says for which PAM services.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_mail AS
SELECT address AS username, password, enabled AS status FROM mailboxes;
