-- Login accounts for an archive's inbox: people who sign in by SFTP with a key or a password, on hosts that have a policy each.
--
--   mariadb archive < inbox.sql
--
-- Run it as the database's administrator, as often as you like: tables that exist stay as they are. Each host that may have these
-- people as accounts needs a row, which says how; then a person is made so:
--
--   INSERT INTO inbox_hosts (host, uid_offset, gid) VALUES ('inbox1', 100000, 100000);  -- host: what hostname(1) says there
--   INSERT INTO inbox_users (uid, username, gecos, password) VALUES (1, 'anna', 'Anna Example', '$2b$12$...');
--   INSERT INTO inbox_keys (uid, ssh_key) VALUES (1, 'ssh-ed25519 AAAA... anna@desk');
--
-- and switched off by UPDATE inbox_users SET enabled = 0 WHERE uid = 1. doc/uses/inbox.md goes through all of it.

SET NAMES utf8mb4;

-- The people. Dates are days since 1970-01-01 and spans are days, as in shadow(5), where -1 is an empty field; NULL: as the host has it.
-- An archive that has tables of its own makes views inbox_users and inbox_keys over them in place of these two.
CREATE TABLE IF NOT EXISTS inbox_users (
  uid      INT UNSIGNED NOT NULL,                             -- a host adds its uid_offset
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,         -- a host takes its suffix away
  gecos    VARCHAR(255) NOT NULL DEFAULT '',
  password VARCHAR(255) NULL DEFAULT NULL COLLATE utf8mb4_bin,  -- a hash that pam_sqlmap knows; NULL: keys alone
  enabled  TINYINT      NOT NULL DEFAULT 1,
  lstchg   INT NULL DEFAULT NULL,                             -- the last change of the password
  `min`    INT NULL DEFAULT NULL,
  `max`    INT NULL DEFAULT NULL,
  warn     INT NULL DEFAULT NULL,
  inact    INT NULL DEFAULT NULL,
  expire   INT NULL DEFAULT NULL,                             -- the first day on which the account is closed
  PRIMARY KEY (uid),
  UNIQUE KEY username (username),
  CONSTRAINT inbox_uid CHECK (uid > 0),
  CONSTRAINT inbox_gecos CHECK (gecos NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT inbox_enabled CHECK (enabled IN (0, 1))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Their public keys: one line of authorized_keys(5) in each row, with its options.
CREATE TABLE IF NOT EXISTS inbox_keys (
  id      INT UNSIGNED NOT NULL AUTO_INCREMENT,
  uid     INT UNSIGNED NOT NULL,
  ssh_key TEXT         NOT NULL,
  PRIMARY KEY (id),
  KEY uid (uid),
  CONSTRAINT inbox_key_of FOREIGN KEY (uid) REFERENCES inbox_users (uid) ON UPDATE CASCADE ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What each host makes of them. One that has no row has no accounts.
CREATE TABLE IF NOT EXISTS inbox_hosts (
  host       VARCHAR(64)  NOT NULL,                           -- as hostname(1) says there
  uid_offset INT UNSIGNED NOT NULL,                           -- added to all uids
  gid        INT UNSIGNED NOT NULL,                           -- the group of all, and its name
  groupname  VARCHAR(255) NOT NULL DEFAULT 'inbox' COLLATE utf8mb4_bin,
  home       VARCHAR(255) NOT NULL DEFAULT '/srv/inbox',      -- each account has a directory of its name in there
  shell      VARCHAR(255) NOT NULL DEFAULT '/usr/sbin/nologin',
  suffix     VARCHAR(255) NOT NULL DEFAULT '' COLLATE utf8mb4_bin,  -- taken from the names; who does not have it is no account
  lstchg     INT NOT NULL DEFAULT -1,                         -- for users who have no value of their own; `max` 0 would close all
  `min`      INT NOT NULL DEFAULT -1,
  `max`      INT NOT NULL DEFAULT -1,
  warn       INT NOT NULL DEFAULT -1,
  inact      INT NOT NULL DEFAULT -1,
  expire     INT NOT NULL DEFAULT -1,
  PRIMARY KEY (host),
  CONSTRAINT inbox_home CHECK (home LIKE '/_%' AND home NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT inbox_shell CHECK (shell LIKE '/_%' AND shell NOT REGEXP '[[:cntrl:]:]')
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What an account is, on each host. The views below choose columns of this one; no database user may read it.
-- It merges into every query, and host, archive_name and archive_uid are bare columns: a look-up that compares these reads one row of each
-- table through an index.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_inbox_user AS
SELECT h.host       AS host,
       h.suffix     AS suffix,
       h.uid_offset AS uid_offset,
       u.username   AS archive_name,
       u.uid        AS archive_uid,
       LEFT(u.username, CHAR_LENGTH(u.username) - CHAR_LENGTH(h.suffix)) AS username,
       u.uid + h.uid_offset AS uid,
       h.gid        AS gid,
       u.gecos      AS gecos,
       h.home       AS home,
       CASE WHEN u.enabled = 1 THEN h.shell ELSE '/usr/sbin/nologin' END AS shell,
       u.enabled    AS status,
       u.password   AS password,
       COALESCE(u.lstchg, h.lstchg) AS lstchg,
       COALESCE(u.min, h.min)       AS `min`,
       COALESCE(u.max, h.max)       AS `max`,
       COALESCE(u.warn, h.warn)     AS warn,
       COALESCE(u.inact, h.inact)   AS inact,
       CASE WHEN u.enabled = 1 THEN COALESCE(u.expire, h.expire) ELSE 1 END AS expire
FROM inbox_hosts h CROSS JOIN inbox_users u
WHERE RIGHT(u.username, CHAR_LENGTH(h.suffix)) = h.suffix;

-- passwd(5). Who is switched off keeps the row, so that the files belong to somebody, but has no shell.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwnam AS
SELECT host, suffix, uid_offset, archive_name, archive_uid,
       username, 'x' AS password, uid, gid, gecos, CONCAT(home, '/', username) AS homedir, shell, status
FROM nss_inbox_user;

-- shadow(5): the ageing. Never a hash: nss_mysql has it, for pam_sqlmap alone. A '!' would keep keys out as well (sshd takes it as
-- locked), so an account that is switched on has '*'.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getspnam AS
SELECT host, suffix, archive_name,
       username, CASE WHEN status = 1 THEN '*' ELSE '!*' END AS password,
       lstchg, `min`, `max`, warn, inact, expire, 0 AS flag
FROM nss_inbox_user;

-- group(5): one group, which every account has as its primary group, and which therefore lists no members.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getgrnam AS
SELECT host, groupname, 'x' AS password, gid FROM inbox_hosts;

-- The password that opens an account.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_mysql AS
SELECT host, suffix, archive_name, username, password, status FROM nss_inbox_user;

-- The public keys that open an account. One that is switched off has none.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_ssh_keys AS
SELECT a.host, a.suffix, a.archive_name, a.username, k.ssh_key
FROM nss_inbox_user a JOIN inbox_keys k ON k.uid = a.archive_uid
WHERE a.status = 1;

-- Two users, each with the least that its job needs. New ones are locked until you give them a password:
--   ALTER USER 'sqlmap'@'localhost' IDENTIFIED BY '...' ACCOUNT UNLOCK;
-- Existing ones keep what they have.
CREATE USER IF NOT EXISTS 'sqlmap'@'localhost' ACCOUNT LOCK;       -- [database] user: who an account is
CREATE USER IF NOT EXISTS 'sqlmap_auth'@'localhost' ACCOUNT LOCK;  -- [privileged] user: what opens it

GRANT SELECT ON nss_getpwnam TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_getgrnam TO 'sqlmap'@'localhost';

GRANT SELECT ON nss_getpwnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_getspnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_mysql    TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_ssh_keys TO 'sqlmap_auth'@'localhost';
