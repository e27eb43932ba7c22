-- Login accounts from an Aegir database: every site is an account, and the users of the site's client open it.
--
--   mariadb aegir < aegir.sql
--
-- Run it as the database's administrator, in Aegir's own database, as often as you like. One text serves Aegir 1.x
-- (Drupal 6), 2.x and 3.x (Drupal 7). It makes views and two database users; it changes no table and no row.
-- doc/aegir.md explains every clause, tells what to do about a table prefix, and how fast the views are.

SET NAMES utf8mb4;

-- [settings] All of them. Change them here and run the file again, or have `sqlmapctl views aegir --install` do both.
CREATE OR REPLACE VIEW nss_settings AS
SELECT 10000        AS uid,              -- who owns the sites' files
       10000        AS gid,
       'aegir'      AS groupname,        -- what gid is called
       ''           AS frontend,         -- only the sites of this web server, by its title in Aegir; '' = all sites
       1            AS show_hostmaster,  -- 0 leaves out the site of Aegir's own control panel
       'hostmaster' AS owner,            -- the site that stands for uid in nss_getpwuid: a site's name, or 'hostmaster'
       '/bin/true'  AS shell,            -- of a site that is enabled
       '/bin/false' AS no_shell;         -- of a site that is disabled, or queued for its installation
-- [end of settings]

-- What a site is. The views below choose columns of this one; no user may read it.
-- It has no DISTINCT, GROUP BY, UNION, LIMIT or subselect, and `title` is the bare column. So it merges into every query, and
-- a look-up by name reads one row of each table through an index.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_site AS
SELECT n.title        AS title,
       n.nid          AS nid,
       c.name         AS context,          -- the site's name again, or 'hostmaster'
       s.client       AS client,
       s.status       AS status,           -- 1 enabled, 0 queued, -1 disabled, -2 deleted
       p.publish_path AS publish_path,
       p.status       AS platform_status,  -- 1 enabled, 0 queued, -1 locked (it serves its sites), -2 deleted
       wn.title       AS frontend,
       o.uid          AS uid,
       o.gid          AS gid,
       CASE WHEN s.status = 1 THEN o.shell ELSE o.no_shell END AS shell
FROM nss_settings o
CROSS JOIN node n
JOIN hosting_site s ON s.vid = n.vid       -- the current revision of the site, not one for each of its revisions
JOIN node pn ON pn.nid = s.platform
JOIN hosting_platform p ON p.vid = pn.vid  -- the current revision of its platform
JOIN node wn ON wn.nid = p.web_server
LEFT JOIN hosting_context c ON c.nid = n.nid
WHERE n.type = 'site'
  AND s.status <> -2                       -- a deleted site keeps its node, and its name may be in use again
  AND p.publish_path LIKE '/_%'            -- no path, no home
  AND (o.frontend = '' OR wn.title = o.frontend)
  AND (o.show_hostmaster = 1 OR c.name IS NULL OR c.name <> 'hostmaster');

-- passwd(5). A disabled or queued site keeps its row, so that its files belong to somebody, but has no shell.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwnam AS
SELECT s.title     AS username,
       'x'         AS password,
       s.uid       AS uid,
       s.gid       AS gid,
       CONCAT(REGEXP_REPLACE(COALESCE(cn.title, ''), '[[:cntrl:]:,]', ' '), ',,,') AS gecos,  -- the client's title is free text
       CONCAT(s.publish_path, '/sites/', LCASE(s.title)) AS homedir,  -- in lower case on disk, whatever the row says
       s.shell     AS shell,
       s.status    AS status,
       s.frontend  AS frontend,
       s.context   AS context
FROM nss_site s
LEFT JOIN node cn ON cn.nid = s.client;

-- All sites share one uid. This is the one account that stands for it: the site called nss_settings.owner. Ask it in place of
-- nss_getpwnam in the getpwuid query, which would otherwise read every site to find the shortest name.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getpwuid AS
SELECT p.username, p.password, p.uid, p.gid, p.gecos, p.homedir, p.shell, p.status, p.frontend
FROM nss_settings o
JOIN nss_getpwnam p ON p.context = o.owner;

-- shadow(5). Never a usable hash: a site may have several passwords, and only nss_mysql can say so. Day 1 is 1970-01-02; day 0
-- is read as "never" by some.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_getspnam AS
SELECT s.title                                       AS username,
       CASE WHEN s.status = 1 THEN '*' ELSE '!*' END AS password,
       1                                             AS lstchg,
       0                                             AS min,
       99999                                         AS max,
       0                                             AS warn,
       -1                                            AS inact,
       CASE WHEN s.status = 1 THEN -1 ELSE 1 END     AS expire,
       0                                             AS flag,
       s.frontend                                    AS frontend
FROM nss_site s;

-- group(5): one group, which every account has as its primary group, and which therefore lists no members.
CREATE OR REPLACE SQL SECURITY DEFINER VIEW nss_getgrnam AS
SELECT groupname, 'x' AS password, gid FROM nss_settings;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW nss_memsbygid AS
SELECT gid, '' AS username FROM nss_settings WHERE 1 = 0;

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_gidsbymem AS
SELECT s.title AS username, s.gid AS gid, s.frontend AS frontend FROM nss_site s;

-- The passwords that open a site: a row for each active user of its client, none for a site or user that is switched off. User
-- 1, Aegir's administrator, is a member of clients by accident and opens none. Bare hex is Drupal 6's MD5.
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW nss_mysql AS
SELECT s.title    AS username,
       u.pass     AS password,
       CASE WHEN u.pass REGEXP '^[0-9a-f]{32}$' THEN 'md5' ELSE '' END AS scheme,
       s.status   AS status,
       u.uid      AS drupal_uid,
       u.name     AS owner,
       s.frontend AS frontend
FROM nss_site s
JOIN hosting_client_user cu ON cu.client = s.client
JOIN users u ON u.uid = cu.user
WHERE s.status = 1 AND s.platform_status IN (1, -1)
  AND u.status = 1 AND u.uid > 1 AND u.pass <> '';

-- Two users, each with the least that its job needs. New ones are locked until you give them a password:
--   ALTER USER 'sqlmap'@'localhost' IDENTIFIED BY '...' ACCOUNT UNLOCK;
-- Existing ones keep what they have.
CREATE USER IF NOT EXISTS 'sqlmap'@'localhost' ACCOUNT LOCK;       -- [database] user: who an account is
CREATE USER IF NOT EXISTS 'sqlmap_auth'@'localhost' ACCOUNT LOCK;  -- [privileged] user: what opens it

GRANT SELECT ON nss_getpwnam  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_getpwuid  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_getgrnam  TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_memsbygid TO 'sqlmap'@'localhost';
GRANT SELECT ON nss_gidsbymem TO 'sqlmap'@'localhost';

GRANT SELECT ON nss_getpwnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_getspnam TO 'sqlmap_auth'@'localhost';
GRANT SELECT ON nss_mysql    TO 'sqlmap_auth'@'localhost';
