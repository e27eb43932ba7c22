-- Login accounts from three plain tables, for hosts without an application that has its own.
--
--   mariadb accounts < accounts.sql
--
-- Run it as the database's administrator, as often as you like: tables that exist stay as they are. An account is made so:
--
--   INSERT INTO sqlmap_groups (groupname, gid) VALUES ('customers', 20000), ('editors', 20001);
--   INSERT INTO sqlmap_users (username, uid, gid, gecos, homedir, shell, password)
--   VALUES ('alice', 20000, 20000, 'Alice Example', '/srv/ftp/alice', '/bin/bash', '$y$j9T$...');  -- from mkpasswd
--   INSERT INTO sqlmap_memberships (username, gid) VALUES ('alice', 20001);
--
-- and switched off by UPDATE sqlmap_users SET enabled = 0 WHERE username = 'alice'.

SET NAMES utf8mb4;

-- Names compare byte by byte. The checks are the shipped configuration's rules: what they refuse would never be an account.
CREATE TABLE IF NOT EXISTS sqlmap_groups (
  groupname VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  gid       INT UNSIGNED NOT NULL,
  PRIMARY KEY (groupname),
  UNIQUE KEY gid (gid),
  CONSTRAINT sqlmap_groupname CHECK (groupname REGEXP '^[a-z0-9_]' AND groupname NOT REGEXP '[^a-z0-9._@-]'
                                     AND groupname REGEXP '[^0-9]'),
  CONSTRAINT sqlmap_gid CHECK (gid BETWEEN 1000 AND 4294967293 AND gid NOT IN (65534, 65535))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Dates are days since 1970-01-01, spans are days, and -1 is an empty field, as in shadow(5).
CREATE TABLE IF NOT EXISTS sqlmap_users (
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  uid      INT UNSIGNED NOT NULL,
  gid      INT UNSIGNED NOT NULL,                        -- the primary group
  gecos    VARCHAR(255) NOT NULL DEFAULT '',
  homedir  VARCHAR(255) NOT NULL,
  shell    VARCHAR(255) NOT NULL DEFAULT '/usr/sbin/nologin',
  password VARCHAR(255) NOT NULL DEFAULT '!' COLLATE utf8mb4_bin,  -- a hash that pam_sqlmap knows; '!' opens nothing
  services VARCHAR(255) NOT NULL DEFAULT '',             -- the PAM services it opens, 'sshd vsftpd'; '' = all
  enabled  TINYINT      NOT NULL DEFAULT 1,
  lstchg   INT          NOT NULL DEFAULT -1,             -- the last change of the password; 0 = change it at the next login
  `min`    INT          NOT NULL DEFAULT -1,
  `max`    INT          NOT NULL DEFAULT -1,
  warn     INT          NOT NULL DEFAULT -1,
  inact    INT          NOT NULL DEFAULT -1,
  expire   INT          NOT NULL DEFAULT -1,             -- the first day on which it is closed
  PRIMARY KEY (username),
  UNIQUE KEY uid (uid),
  KEY gid (gid),
  CONSTRAINT sqlmap_primary_group FOREIGN KEY (gid) REFERENCES sqlmap_groups (gid) ON UPDATE CASCADE,
  CONSTRAINT sqlmap_username CHECK (username REGEXP '^[a-z0-9_]' AND username NOT REGEXP '[^a-z0-9._@-]'
                                    AND username REGEXP '[^0-9]'),
  CONSTRAINT sqlmap_uid CHECK (uid BETWEEN 1000 AND 4294967293 AND uid NOT IN (65534, 65535)),
  CONSTRAINT sqlmap_gecos CHECK (gecos NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT sqlmap_homedir CHECK (homedir LIKE '/%' AND homedir NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT sqlmap_shell CHECK (shell LIKE '/%' AND shell NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT sqlmap_enabled CHECK (enabled IN (0, 1)),
  CONSTRAINT sqlmap_ageing CHECK (lstchg >= -1 AND `min` >= -1 AND `max` >= -1 AND warn >= -1 AND inact >= -1 AND expire >= -1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Further groups of a user, beside the primary one.
CREATE TABLE IF NOT EXISTS sqlmap_memberships (
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  gid      INT UNSIGNED NOT NULL,
  PRIMARY KEY (username, gid),
  KEY gid (gid),
  CONSTRAINT sqlmap_member FOREIGN KEY (username) REFERENCES sqlmap_users (username) ON UPDATE CASCADE ON DELETE CASCADE,
  CONSTRAINT sqlmap_member_of FOREIGN KEY (gid) REFERENCES sqlmap_groups (gid) ON UPDATE CASCADE ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What a user's ~/.ssh/authorized_keys would have: one line of authorized_keys(5) in each row, with its options.
CREATE TABLE IF NOT EXISTS sqlmap_keys (
  id       INT UNSIGNED NOT NULL AUTO_INCREMENT,
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  ssh_key  TEXT         NOT NULL,                        -- 'restrict,pty ssh-ed25519 AAAA... alice@desk'
  PRIMARY KEY (id),
  KEY username (username),
  CONSTRAINT sqlmap_key_of FOREIGN KEY (username) REFERENCES sqlmap_users (username) ON UPDATE CASCADE ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What happened: one row for each login and session, if [queries] of sqlmapd.toml has them written. sqlmap never reads it; delete
-- old rows as you like. If it was not root that asked, service, rhost and tty are '', and the message says who did.
CREATE TABLE IF NOT EXISTS sqlmap_log (
  id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  time     TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
  event    VARCHAR(16)  NOT NULL,                        -- auth_success, auth_failure, session_open, session_close
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,    -- '' if no account has the name: people type passwords there
  service  VARCHAR(255) NOT NULL,                        -- the PAM service: sshd, vsftpd
  rhost    VARCHAR(255) NOT NULL,                        -- from where, '' if locally
  tty      VARCHAR(255) NOT NULL,
  host     VARCHAR(255) NOT NULL,                        -- to where
  pid      INT UNSIGNED NOT NULL,                        -- of the process there that asked
  message  VARCHAR(255) NOT NULL,                        -- what was decided and why; never a password
  PRIMARY KEY (id),
  KEY time (time),
  KEY username (username, time)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- passwd(5). An account that is switched off keeps its row, so that its files belong to somebody, but has no shell.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwnam AS
SELECT username, 'x' AS password, uid, gid, gecos, homedir,
       CASE WHEN enabled = 1 THEN shell ELSE '/usr/sbin/nologin' END AS shell,
       enabled AS status
FROM sqlmap_users;

-- shadow(5): the ageing. The hash stays in nss_mysql, which pam_sqlmap alone reads. A '!' would keep public keys out as well
-- (sshd takes it as locked), so an account that is switched on has '*'.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getspnam AS
SELECT username,
       CASE WHEN enabled = 1 THEN '*' ELSE '!*' END AS password,
       lstchg, `min`, `max`, warn, inact,
       CASE WHEN enabled = 1 THEN expire ELSE 1 END AS expire,
       0 AS flag
FROM sqlmap_users;

-- group(5).
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getgrnam AS
SELECT groupname, 'x' AS password, gid FROM sqlmap_groups;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_memsbygid AS
SELECT gid, username FROM sqlmap_memberships;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_gidsbymem AS
SELECT username, gid FROM sqlmap_memberships;

-- The password that opens an account.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_mysql AS
SELECT username, password, enabled AS status, services FROM sqlmap_users;

-- The public keys that open an account, if [queries] of sqlmapd.toml has them asked. One that is switched off has none.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_ssh_keys AS
SELECT k.username, k.ssh_key FROM sqlmap_keys k JOIN sqlmap_users u ON u.username = k.username WHERE u.enabled = 1;

-- Two users, each with the least that its job needs. New ones are locked until you give them a password:
--   ALTER USER 'sqlmap'@'localhost' IDENTIFIED BY '...' ACCOUNT UNLOCK;
-- Existing ones keep what they have.
CREATE USER IF NOT EXISTS 'sqlmap'@'localhost' ACCOUNT LOCK;       -- [database] user: who an account is
CREATE USER IF NOT EXISTS 'sqlmap_auth'@'localhost' ACCOUNT LOCK;  -- [privileged] user: what opens it

GRANT SELECT ON nss_getpwnam  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_getgrnam  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_memsbygid TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_gidsbymem TO 'sqlmap'@'localhost';

GRANT SELECT ON nss_getpwnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_getspnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_mysql    TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_ssh_keys TO 'sqlmap_auth'@'localhost';

-- A new password for an account, and rows of the log; neither is of use before [queries] of sqlmapd.toml says so. Nothing else of a
-- user can be changed, and no row of the log.
GRANT SELECT (username), UPDATE (password, lstchg) ON sqlmap_users TO 'sqlmap_auth'@'localhost';
GRANT INSERT (event, username, service, rhost, tty, host, pid, message) ON sqlmap_log TO 'sqlmap_auth'@'localhost';
