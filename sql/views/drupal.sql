-- Login accounts for users of a Drupal site: whoever has a name in the table sqlmap_names, with the password of the site.
--
--   mariadb -e "CREATE DATABASE sftp"
--   mariadb sftp -e "CREATE VIEW users_field_data AS SELECT uid, name, pass, status, default_langcode FROM drupal.users_field_data"
--   mariadb sftp < drupal.sql
--
-- Run it as the database's administrator, as often as you like, in a database of its own: in the site's, the site itself could change the
-- views, and so say who is an account of the host. The second line is for Drupal 8 to 11, and another for Drupal 6 and 7. It makes a
-- table, views and two database users; it changes no table and no row of Drupal's. doc/uses/drupal.md goes through all of it.

SET NAMES utf8mb4;

-- [settings] All of them. Change them here and run the file again, or have `sqlmapctl views drupal --install` do both.
CREATE OR REPLACE VIEW nss_settings AS
SELECT 1                   AS gid,        -- the group of all; [accounts] uid_offset is added, as to Drupal's uids
       'drupal'            AS groupname,  -- what it is called
       '/srv/sftp'         AS home,       -- each account has a directory of its name in there
       '/usr/sbin/nologin' AS shell,      -- of a user who is active
       '/usr/sbin/nologin' AS no_shell;   -- of one who is blocked
-- [end of settings]

-- Who is an account, and by which name: the administrator's word. Drupal's names may have spaces, capitals and accents, and
-- their owners choose and change them. Names compare byte by byte. Nothing is checked here, so that `sqlmapctl check` can say of all
-- rows at once which names cannot be. A view with these two columns may stand in its place, over a field of the site.
CREATE TABLE IF NOT EXISTS sqlmap_names (
  uid       INT UNSIGNED NOT NULL,                       -- Drupal's
  unix_name VARCHAR(255) NOT NULL COLLATE utf8mb4_bin,
  PRIMARY KEY (uid),
  UNIQUE KEY unix_name (unix_name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What an account is. The views below choose columns of this one; no database user may read it.
-- It merges into every query, and unix_name and uid are bare columns: a look-up reads one row of each table through an index.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_drupal_user AS
SELECT n.unix_name AS username,
       n.uid       AS uid,
       u.name      AS drupal_name,
       u.pass      AS pass,
       u.status    AS status,           -- 1 active, 0 blocked
       o.gid       AS gid,
       o.home      AS home,
       CASE WHEN u.status = 1 THEN o.shell ELSE o.no_shell END AS shell
FROM nss_settings o
CROSS JOIN sqlmap_names n
JOIN users_field_data u ON u.uid = n.uid
WHERE u.default_langcode = 1            -- one row for a user, not one for each translation
  AND n.uid > 1;                        -- 0 is everybody, and 1 the site itself, whose password opens nothing here

-- passwd(5). One who is blocked keeps the row, so that the files belong to somebody, but has no shell.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwnam AS
SELECT username, 'x' AS password, uid, gid,
       CONCAT(REGEXP_REPLACE(drupal_name, '[[:cntrl:]:,]', ' '), ',,,') AS gecos,  -- the name on the site, as it is
       CONCAT(home, '/', username) AS homedir,
       shell, status
FROM nss_drupal_user;

-- shadow(5). Never a hash: nss_mysql has it, for pam_sqlmap alone. Day 1 is 1970-01-02; day 0 is read as "never" by some.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getspnam AS
SELECT username,
       CASE WHEN status = 1 THEN '*' ELSE '!*' END AS password,
       1 AS lstchg, 0 AS min, 99999 AS max, 0 AS warn, -1 AS inact,
       CASE WHEN status = 1 THEN -1 ELSE 1 END AS expire,
       0 AS flag
FROM nss_drupal_user;

-- group(5): one group, which every account has as its primary group, and which therefore lists no members.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW nss_getgrnam AS
SELECT groupname, 'x' AS password, gid FROM nss_settings;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW nss_memsbygid AS
SELECT gid, '' AS username FROM nss_settings WHERE 1 = 0;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_gidsbymem AS
SELECT username, gid FROM nss_drupal_user;

-- The password that opens an account: the site's, of a user who is active. Bare hex is Drupal 6's MD5.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_mysql AS
SELECT username, pass AS password,
       CASE WHEN pass REGEXP '^[0-9a-f]{32}$' THEN 'md5' ELSE '' END AS scheme,
       status, drupal_name AS owner
FROM nss_drupal_user
WHERE status = 1 AND pass <> '';

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
