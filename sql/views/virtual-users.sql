-- Login accounts that share one uid, each with a home of its own: one row says what they are, a table or a pattern says who is one.
--
--   mariadb virtual < virtual-users.sql
--
-- Run it as the database's administrator, as often as you like: tables that exist stay as they are. A template, and names for it:
--
--   INSERT INTO virtual_groups (groupname, gid) VALUES ('upload', 30000);
--   INSERT INTO virtual_templates (template, uid, gid, services) VALUES ('upload', 30000, 30000, 'sshd-virtual vsftpd');
--   INSERT INTO virtual_names (username, template) VALUES ('anna', 'upload');
--   UPDATE virtual_templates SET pattern = 's[0-9]{6}' WHERE template = 'upload';
--
-- Without a name and without a pattern a template is nobody's. A view cannot have rows for names that are in no table: those that a
-- pattern lets in are made by the queries of conf/virtual-users/sqlmapd.toml. doc/uses/virtual-users.md goes through all of it.

SET NAMES utf8mb4;

-- Names compare byte by byte. The checks are the shipped configuration's rules: what they refuse would never be an account.
CREATE TABLE IF NOT EXISTS virtual_groups (
  groupname VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  gid       INT UNSIGNED NOT NULL,
  PRIMARY KEY (groupname),
  UNIQUE KEY gid (gid),
  CONSTRAINT virtual_groupname CHECK (groupname REGEXP '^[a-z0-9_]' AND groupname NOT REGEXP '[^a-z0-9._@-]' AND groupname REGEXP '[^0-9]'),
  CONSTRAINT virtual_gid CHECK (gid BETWEEN 1000 AND 4294967293 AND gid NOT IN (65534, 65535))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What an account is.
CREATE TABLE IF NOT EXISTS virtual_templates (
  template VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,   -- the account that stands for the uid; nobody signs in with this name
  uid      INT UNSIGNED NOT NULL,                       -- of all, and of no other template
  gid      INT UNSIGNED NOT NULL,                       -- the primary group of all
  home     VARCHAR(255) NOT NULL DEFAULT '/srv/virtual/%n/files',  -- %n is the name
  shell    VARCHAR(255) NOT NULL DEFAULT '/usr/sbin/nologin',
  services VARCHAR(255) NOT NULL,                       -- the PAM services that they may use, 'sshd-virtual vsftpd'; '' = none
  pattern  VARCHAR(255) NULL DEFAULT NULL COLLATE utf8mb4_bin,  -- a regular expression for the whole name; NULL = the table alone
  PRIMARY KEY (template),
  UNIQUE KEY uid (uid),
  KEY gid (gid),
  CONSTRAINT virtual_primary_group FOREIGN KEY (gid) REFERENCES virtual_groups (gid) ON UPDATE CASCADE,
  CONSTRAINT virtual_template CHECK (template REGEXP '^[a-z0-9_]' AND template NOT REGEXP '[^a-z0-9._@-]' AND template REGEXP '[^0-9]'),
  CONSTRAINT virtual_uid CHECK (uid BETWEEN 1000 AND 4294967293 AND uid NOT IN (65534, 65535)),
  CONSTRAINT virtual_home CHECK (home LIKE '/_%' AND LOCATE('%n', home) > 0 AND home NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT virtual_shell CHECK (shell LIKE '/_%' AND shell NOT REGEXP '[[:cntrl:]:]'),
  -- One that is no regular expression takes nobody; one that takes any name would make useradd impossible.
  CONSTRAINT virtual_pattern CHECK (pattern IS NULL OR
                                    (pattern <> '' AND COALESCE('no-account.of.anybody' NOT REGEXP CONCAT('^(?:', pattern, ')$'), FALSE)))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Who is one. A name that stands here is no pattern's.
CREATE TABLE IF NOT EXISTS virtual_names (
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  template VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  gecos    VARCHAR(255) NOT NULL DEFAULT '',
  enabled  TINYINT      NOT NULL DEFAULT 1,
  PRIMARY KEY (username),
  KEY template (template),
  CONSTRAINT virtual_name_of FOREIGN KEY (template) REFERENCES virtual_templates (template) ON UPDATE CASCADE,
  CONSTRAINT virtual_username CHECK (username REGEXP '^[a-z0-9_]' AND username NOT REGEXP '[^a-z0-9._@-]' AND username REGEXP '[^0-9]'),
  CONSTRAINT virtual_gecos CHECK (gecos NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT virtual_enabled CHECK (enabled IN (0, 1))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Further groups of a name, beside its template's.
CREATE TABLE IF NOT EXISTS virtual_memberships (
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  gid      INT UNSIGNED NOT NULL,
  PRIMARY KEY (username, gid),
  KEY gid (gid),
  CONSTRAINT virtual_member FOREIGN KEY (username) REFERENCES virtual_names (username) ON UPDATE CASCADE ON DELETE CASCADE,
  CONSTRAINT virtual_member_of FOREIGN KEY (gid) REFERENCES virtual_groups (gid) ON UPDATE CASCADE ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One line of authorized_keys(5) in each row, with its options. The name may be one that a pattern lets in.
CREATE TABLE IF NOT EXISTS virtual_keys (
  id       INT UNSIGNED NOT NULL AUTO_INCREMENT,
  username VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  ssh_key  TEXT         NOT NULL,
  PRIMARY KEY (id),
  KEY username (username)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What a name of the table is. The views below choose columns of this one; no database user may read it. It merges into every query,
-- and username is the bare column: a look-up reads one row of each table through an index.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_virtual_user AS
SELECT n.username AS username,
       n.gecos    AS gecos,
       n.enabled  AS status,
       t.uid      AS uid,
       t.gid      AS gid,
       REPLACE(t.home, '%n', n.username) AS homedir,
       CASE WHEN n.enabled = 1 THEN t.shell ELSE '/usr/sbin/nologin' END AS shell,
       t.services AS services
FROM virtual_names n
JOIN virtual_templates t ON t.template = n.template
LEFT JOIN virtual_templates own ON own.template = n.username
WHERE own.template IS NULL;               -- a template's own name is nobody's

-- passwd(5). A name that is switched off keeps its row, but has no shell.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwnam AS
SELECT username, 'x' AS password, uid, gid, gecos, homedir, shell, status FROM nss_virtual_user;

-- The account that stands for each uid. It has no home, no shell and no key.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwuid AS
SELECT template AS username, 'x' AS password, uid, gid, '' AS gecos, '/nonexistent' AS homedir, '/usr/sbin/nologin' AS shell
FROM virtual_templates;

-- Templates that take names of no table, if `:name REGEXP pattern`.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_patterns AS
SELECT template, CONCAT('^(?:', pattern, ')$') AS pattern, uid, gid, home, shell, services
FROM virtual_templates
WHERE pattern IS NOT NULL;

-- shadow(5): no password. A '!' would keep keys out as well (sshd takes it as locked), so an account that is switched on has '*'.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getspnam AS
SELECT username, CASE WHEN status = 1 THEN '*' ELSE '!*' END AS password,
       1 AS lstchg, 0 AS min, 99999 AS max, 0 AS warn, -1 AS inact,
       CASE WHEN status = 1 THEN -1 ELSE 1 END AS expire, 0 AS flag
FROM nss_virtual_user;

-- group(5).
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getgrnam AS
SELECT groupname, 'x' AS password, gid FROM virtual_groups;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_memsbygid AS
SELECT gid, username FROM virtual_memberships;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_gidsbymem AS
SELECT username, gid FROM virtual_memberships;

-- Who may use which services: names of the table that are switched on.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_access AS
SELECT username, services FROM nss_virtual_user WHERE status = 1;

-- Public keys, of names of the table and of others: the query asks whether the name is allowed.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_ssh_keys AS
SELECT username, ssh_key FROM virtual_keys;

-- Two users, each with the least that its job needs. New ones are locked until you give them a password:
--   ALTER USER 'sqlmap'@'localhost' IDENTIFIED BY '...' ACCOUNT UNLOCK;
-- Existing ones keep what they have.
CREATE USER IF NOT EXISTS 'sqlmap'@'localhost' ACCOUNT LOCK;       -- [database] user: who an account is
CREATE USER IF NOT EXISTS 'sqlmap_auth'@'localhost' ACCOUNT LOCK;  -- [privileged] user: what opens it

GRANT SELECT ON nss_getpwnam  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_getpwuid  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_patterns  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_getgrnam  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_memsbygid TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_gidsbymem TO 'sqlmap'@'localhost';

GRANT SELECT ON nss_getpwnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_getpwuid TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_patterns TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_getspnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_access   TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_ssh_keys TO 'sqlmap_auth'@'localhost';
