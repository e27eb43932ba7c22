-- Adds @sites generated sites to the sample data of tests/data/aegir*-data.sql, for Drupal 6 and Drupal 7 alike: a client with
-- two users for every five sites, a platform for every fifty. Site k of client i is called site<k>.client<i>.example.
-- Like the sample, one in ten sites and platforms has an outdated revision, and one user in seven is blocked; of a hundred
-- sites one is deleted, three are queued and five are disabled.
SET NAMES utf8mb4;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', SESSION max_recursive_iterations = 4294967295;
SET @clients = CEIL(@sites / 5), @platforms = CEIL(@sites / 50), @old_revisions = 100000000;
SET @client_nid = 1000;
SET @platform_nid = @client_nid + @clients;
SET @site_nid = @platform_nid + @platforms;
START TRANSACTION;

CREATE TEMPORARY TABLE number (k INT UNSIGNED NOT NULL PRIMARY KEY) ENGINE = MEMORY;
INSERT INTO number WITH RECURSIVE r AS (SELECT 1 AS k UNION ALL SELECT k + 1 FROM r WHERE k < @sites) SELECT k FROM r;

INSERT INTO node (nid, vid, type, title, uid, status)
SELECT @client_nid + k, @client_nid + k, 'client', CONCAT('Client ', k, ', Ltd'), 1, 1 FROM number WHERE k <= @clients;
INSERT INTO hosting_client (vid, nid, uname)
SELECT @client_nid + k, @client_nid + k, CONCAT('client', k) FROM number WHERE k <= @clients;
INSERT INTO users (uid, name, pass, mail, status)
SELECT 100 + n.k, CONCAT('user', n.k), u.pass, '', IF(n.k % 7 = 0, 0, 1)
FROM number n JOIN users u ON u.uid = 2 WHERE n.k <= 2 * @clients;
INSERT INTO hosting_client_user (user, client)
SELECT 100 + k, @client_nid + FLOOR((k + 1) / 2) FROM number WHERE k <= 2 * @clients;

INSERT INTO node (nid, vid, type, title, uid, status)
SELECT @platform_nid + k, @platform_nid + k, 'platform', CONCAT('Platform ', k), 1, 1 FROM number WHERE k <= @platforms;
INSERT INTO hosting_platform (vid, nid, publish_path, makefile, web_server, verified, status)
SELECT @platform_nid + k, @platform_nid + k, CONCAT('/var/aegir/platforms/generated-', k), '', 2 + k % 2, 1, 1
FROM number WHERE k <= @platforms;
INSERT INTO hosting_platform (vid, nid, publish_path, makefile, web_server, verified, status)
SELECT vid + @old_revisions, nid, '/var/aegir/platforms/outdated', makefile, web_server, verified, status
FROM hosting_platform WHERE nid > @platform_nid AND nid % 10 = 0;

INSERT INTO node (nid, vid, type, title, uid, status)
SELECT @site_nid + k, @site_nid + k, 'site', CONCAT('site', k, '.client', 1 + k DIV 5, '.example'), 1, 1 FROM number;
INSERT INTO hosting_site (vid, nid, client, db_server, platform, profile, verified, status)
SELECT @site_nid + k, @site_nid + k, @client_nid + LEAST(1 + k DIV 5, @clients), 4,
       @platform_nid + LEAST(1 + k DIV 50, @platforms), 40, 1,
       CASE WHEN k % 100 = 0 THEN -2 WHEN k % 100 < 4 THEN 0 WHEN k % 100 < 9 THEN -1 ELSE 1 END
FROM number;
INSERT INTO hosting_site (vid, nid, client, db_server, platform, profile, verified, status)
SELECT vid + @old_revisions, nid, client, db_server, 21, profile, verified, status
FROM hosting_site WHERE nid > @site_nid AND nid % 10 = 0;
INSERT INTO hosting_context (nid, name)
SELECT n.nid, n.title FROM node n JOIN hosting_site s ON s.vid = n.vid WHERE n.nid > @site_nid AND s.status <> -2;

DROP TEMPORARY TABLE number;
COMMIT;
ANALYZE TABLE node, users, hosting_client, hosting_client_user, hosting_context, hosting_platform, hosting_site;
