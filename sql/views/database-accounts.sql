-- Login accounts for accounts of the MariaDB server itself: whoever has a row in the table sqlmap_accounts, with the server's password.
--
--   mariadb -e "CREATE DATABASE sftp" && mariadb sftp < database-accounts.sql
--
-- Run it as the server's administrator, in a database of its own, as often as you like. It is for MariaDB 10.6 and later; for MySQL
-- there is database-accounts-mysql.sql, which differs in nss_server_account, nss_server_lifetime, nss_mysql and nss_getgrnam. It makes a
-- table, views and a user, and changes no row of the server's. doc/uses/database-accounts.md goes through all of it.

SET NAMES utf8mb4;

-- [settings] All of them. Change them here and run the file again, or have `sqlmapctl views database-accounts --install` do both.
CREATE OR REPLACE VIEW nss_settings AS
SELECT 20000       AS gid,            -- a group in which all accounts are, beside their own
       'customers' AS groupname,      -- what it is called
       1           AS close_expired;  -- a password that the server calls expired: 1 closes the account, 0 is to be changed at a login
-- [end of settings]

-- Who is an account. A name is the one of an account of the server, whose host is pinned: 'alice'@'localhost' and 'alice'@'%' have
-- passwords of their own. Names compare byte by byte. The checks are the shipped configuration's rules: what they refuse would never
-- be an account.
CREATE TABLE IF NOT EXISTS sqlmap_accounts (
  username VARCHAR(80)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  host     VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'localhost',
  uid      INT UNSIGNED NOT NULL,
  gid      INT UNSIGNED NOT NULL,                        -- the primary group; if it is the uid, it has the account's name
  gecos    VARCHAR(255) NOT NULL DEFAULT '',
  homedir  VARCHAR(255) NOT NULL,
  shell    VARCHAR(255) NOT NULL DEFAULT '/usr/sbin/nologin',
  enabled  TINYINT      NOT NULL DEFAULT 1,
  password VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',  -- nss_own_password has it
  PRIMARY KEY (username),
  UNIQUE KEY uid (uid),
  KEY gid (gid),
  CONSTRAINT sqlmap_username CHECK (username REGEXP '^[a-z0-9_]' AND username NOT REGEXP '[^a-z0-9._@-]'
                                    AND username REGEXP '[^0-9]'),
  CONSTRAINT sqlmap_uid CHECK (uid BETWEEN 1000 AND 4294967293 AND uid NOT IN (65534, 65535)),
  CONSTRAINT sqlmap_gid CHECK (gid BETWEEN 1000 AND 4294967293 AND gid NOT IN (65534, 65535)),
  CONSTRAINT sqlmap_gecos CHECK (gecos NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT sqlmap_homedir CHECK (homedir LIKE '/%' AND homedir NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT sqlmap_shell CHECK (shell LIKE '/%' AND shell NOT REGEXP '[[:cntrl:]:]'),
  CONSTRAINT sqlmap_enabled CHECK (enabled IN (0, 1))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What the server says of those that it lets log in: nobody who is locked, nor, whatever the table says, who could take the whole
-- server (SUPER) or read all of it as a replica. From mysql.global_priv, since mysql.user does not show who is locked, and of several
-- methods it shows one. No database user may read this view.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_server_account AS
SELECT a.username,
       g.Priv AS priv,
       p.changed,          -- the password, in seconds since 1970; 0: it was made to expire
       p.lifetime          -- of a password, in days; 0: for ever; -1: what the server has for all
FROM sqlmap_accounts a
JOIN mysql.global_priv g ON g.Host = a.host AND g.User = a.username
JOIN JSON_TABLE(g.Priv, '$' COLUMNS (
  locked   VARCHAR(5)      PATH '$.account_locked'        DEFAULT 'false' ON EMPTY,
  access   BIGINT UNSIGNED PATH '$.access'                DEFAULT '0'     ON EMPTY,
  changed  BIGINT          PATH '$.password_last_changed',
  lifetime INT             PATH '$.password_lifetime'     DEFAULT '-1'    ON EMPTY)) p
WHERE a.enabled = 1 AND p.locked IN ('0', 'false') AND p.access & (1 << 15 | 1 << 19) = 0;

-- What the server has for all.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW nss_server_lifetime AS
SELECT VARIABLE_VALUE + 0 AS days FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'DEFAULT_PASSWORD_LIFETIME';

-- The passwords that open an account: one for each method of the server's that has one. A method without, such as unix_socket, is
-- none here; neither are the empty password and 'invalid', MariaDB's word for none.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_mysql AS
SELECT s.username,
       IF(m.or_plugin IS NULL, m.password, m.or_password) AS password,
       COALESCE(m.or_plugin, m.plugin) AS plugin
FROM nss_server_account s
JOIN JSON_TABLE(s.priv, '$' COLUMNS (
  plugin   VARCHAR(64)  PATH '$.plugin',
  password VARCHAR(255) PATH '$.authentication_string',
  NESTED PATH '$.auth_or[*]' COLUMNS (                       -- an empty one stands for the two above
    or_plugin   VARCHAR(64)  PATH '$.plugin',
    or_password VARCHAR(255) PATH '$.authentication_string'))) m
WHERE COALESCE(m.or_plugin, m.plugin) IN ('mysql_native_password', 'ed25519', 'mysql_old_password')
  AND IF(m.or_plugin IS NULL, m.password, m.or_password) NOT IN ('', 'invalid');

-- passwd(5). It stays what the table says, whatever becomes of the server's account, so that the files belong to somebody.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwnam AS
SELECT username, 'x' AS password, uid, gid, gecos, homedir,
       CASE WHEN enabled = 1 THEN shell ELSE '/usr/sbin/nologin' END AS shell,
       enabled AS status
FROM sqlmap_accounts;

-- When a password expires, to the second, as the server counts; NULL: never.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_ageing AS
SELECT a.username,
       s.username IS NULL AS closed,
       s.changed,
       IF(s.lifetime = -1, l.days, s.lifetime) AS days,
       IF(s.changed = 0, 0, s.changed + 86400 * NULLIF(IF(s.lifetime = -1, l.days, s.lifetime), 0)) AS expires
FROM nss_server_lifetime l
CROSS JOIN sqlmap_accounts a
LEFT JOIN nss_server_account s ON s.username = a.username;

-- shadow(5). Never a hash: nss_mysql has it, for pam_sqlmap alone. Whom the server does not let log in is closed since day 1, and the
-- last change 0 says "to be changed at the next login".
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getspnam AS
SELECT x.username,
       CASE WHEN x.closed THEN '!*' ELSE '*' END AS password,
       CASE WHEN x.expires <= UNIX_TIMESTAMP() THEN 0 ELSE COALESCE(x.changed DIV 86400, -1) END AS lstchg,
       -1 AS `min`,
       CASE WHEN x.days > 0 THEN x.days ELSE -1 END AS `max`,
       7 AS warn, -1 AS inact,
       CASE WHEN x.closed OR x.expires <= UNIX_TIMESTAMP() AND o.close_expired = 1 THEN 1 ELSE -1 END AS expire,
       0 AS flag
FROM nss_settings o
CROSS JOIN nss_ageing x;

-- group(5): each account's own, and the one of all.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW nss_getgrnam AS
SELECT groupname, 'x' AS password, gid FROM nss_settings
UNION ALL
SELECT username, 'x', gid FROM sqlmap_accounts WHERE gid = uid;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_memsbygid AS
SELECT o.gid, a.username FROM nss_settings o CROSS JOIN sqlmap_accounts a;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_gidsbymem AS
SELECT a.username, o.gid FROM nss_settings o CROSS JOIN sqlmap_accounts a;

-- A password for SFTP alone. Nobody may read it before you say so, see doc/uses/database-accounts.md.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_own_password AS
SELECT username, password, '' AS plugin FROM sqlmap_accounts WHERE enabled = 1 AND password <> '';

-- sqlmapd's, by the name of its user of the system. It is locked until you let the server ask the kernel who that is:
--   ALTER USER '_sqlmapd'@'localhost' IDENTIFIED VIA unix_socket ACCOUNT UNLOCK;
-- An existing one keeps what it has.
CREATE USER IF NOT EXISTS '_sqlmapd'@'localhost' ACCOUNT LOCK;

GRANT SELECT ON nss_getpwnam  TO '_sqlmapd'@'localhost';
GRANT SELECT ON nss_getgrnam  TO '_sqlmapd'@'localhost';
GRANT SELECT ON nss_memsbygid TO '_sqlmapd'@'localhost';
GRANT SELECT ON nss_gidsbymem TO '_sqlmapd'@'localhost';
GRANT SELECT ON nss_getspnam  TO '_sqlmapd'@'localhost';
GRANT SELECT ON nss_mysql     TO '_sqlmapd'@'localhost';
