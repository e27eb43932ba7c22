-- The users of a site of Drupal 8 to 11, as its tables hold them. A password is the name before the first odd letter, and -pw, but for
-- élise, who has `élise-pässwörd`. The hashes are those of PHP's password_hash (10.1 and newer), of Drupal 8 to 10.0 ($S$E), and of a user
-- who came from Drupal 6 (U$S$).
CREATE DATABASE drupal CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE drupal;

CREATE TABLE users (
  uid      INT UNSIGNED NOT NULL AUTO_INCREMENT,
  uuid     VARCHAR(128) CHARACTER SET ascii NOT NULL,
  langcode VARCHAR(12)  CHARACTER SET ascii NOT NULL,
  PRIMARY KEY (uid), UNIQUE KEY user_field__uuid__value (uuid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE users_field_data (
  uid                      INT UNSIGNED NOT NULL,
  langcode                 VARCHAR(12)  CHARACTER SET ascii NOT NULL,
  preferred_langcode       VARCHAR(12)  CHARACTER SET ascii DEFAULT NULL,
  preferred_admin_langcode VARCHAR(12)  CHARACTER SET ascii DEFAULT NULL,
  name                     VARCHAR(60)  NOT NULL,
  pass                     VARCHAR(255) DEFAULT NULL,
  mail                     VARCHAR(254) DEFAULT NULL,
  timezone                 VARCHAR(32)  DEFAULT NULL,
  status                   TINYINT      DEFAULT NULL,
  created                  INT          NOT NULL,
  changed                  INT          DEFAULT NULL,
  access                   INT          NOT NULL,
  login                    INT          DEFAULT NULL,
  init                     VARCHAR(254) DEFAULT NULL,
  default_langcode         TINYINT      NOT NULL,
  PRIMARY KEY (uid, langcode),
  UNIQUE KEY user__name (name, langcode),
  KEY user__id__default_langcode__langcode (uid, default_langcode, langcode),
  KEY user_field__mail (mail(191)),
  KEY user_field__created (created),
  KEY user_field__access (access)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE user__roles (
  bundle          VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  deleted         TINYINT      NOT NULL DEFAULT 0,
  entity_id       INT UNSIGNED NOT NULL,
  revision_id     INT UNSIGNED NOT NULL,
  langcode        VARCHAR(32)  CHARACTER SET ascii NOT NULL DEFAULT '',
  delta           INT UNSIGNED NOT NULL,
  roles_target_id VARCHAR(255) CHARACTER SET ascii NOT NULL,
  PRIMARY KEY (entity_id, deleted, delta, langcode),
  KEY bundle (bundle),
  KEY revision_id (revision_id),
  KEY roles_target_id (roles_target_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE user__field_unix_name (
  bundle                VARCHAR(128) CHARACTER SET ascii NOT NULL DEFAULT '',
  deleted               TINYINT      NOT NULL DEFAULT 0,
  entity_id             INT UNSIGNED NOT NULL,
  revision_id           INT UNSIGNED NOT NULL,
  langcode              VARCHAR(32)  CHARACTER SET ascii NOT NULL DEFAULT '',
  delta                 INT UNSIGNED NOT NULL,
  field_unix_name_value VARCHAR(255) NOT NULL,
  PRIMARY KEY (entity_id, deleted, delta, langcode),
  KEY bundle (bundle),
  KEY revision_id (revision_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO users_field_data (uid, langcode, name, pass, mail, status, created, access, default_langcode) VALUES
  (0,  'en', '', NULL, NULL, 0, 0, 0, 1),
  (1,  'en', 'admin', '$2y$10$Kqa2g8xfkpP5AZ.QgcLQdOsVP3uGlyKa4JxHgPWr4Tdt1W8PiFCjm', 'admin@example.org', 1, 1700000000, 0, 1),
  (2,  'en', 'anna', '$2y$10$annaannaannaannaannaau16sa2BYWg774bbPFyTZ6X6EQAKTU2F.', 'anna@example.org', 1, 1700000000, 0, 1),
  (3,  'en', 'Bruno Weiß', '$argon2id$v=19$m=65536,t=4,p=1$YnJ1bm9icnVub2JydW5vYg$tduifFB0FgGCdkBAldVt7TDz3/k2iIRyDYl6EyBLvu8', 'bruno@example.org', 1, 1700000000, 0, 1),
  (4,  'en', 'carla.diaz@example.org', '$S$Ecarlacary8hLyBl8nQuvtXYW7o.UX.KZLcrOyoDxx8Bs5Mseolv', 'carla.diaz@example.org', 1, 1600000000, 0, 1),
  (5,  'en', 'Dirk', '$2y$10$dirkdirkdirkdirkdirkdustPIxDocqhnHtn20hXl360ULpUfiP9C', 'dirk@example.org', 1, 1700000000, 0, 1),
  (6,  'en', 'élise', 'U$S$9eliseeliY6v3z00Iakbx0qHGnHr8EhZD2W1sWJ.CR346bPARH/I', 'elise@example.org', 1, 1300000000, 0, 1),
  (7,  'en', 'frida', '$2y$10$fridafridafridafridafuk0jbbpIM1todduE85oPfI94.0z73cWe', 'frida@example.org', 0, 1700000000, 0, 1),
  (8,  'en', 'www-data', '$2y$10$wwwdatawwwdatawwwdatauurxaR.ZJzJzjt/WfXlfyDyOZLFIrcgS', 'www@example.org', 1, 1700000000, 0, 1),
  (9,  'en', 'gül+news@example.org', '$2y$10$guelguelguelguelguelgugbXAojsJMJ08lw3XgHQ05KfW7KPgmtm', 'guel@example.org', 1, 1700000000, 0, 1),
  (10, 'en', '2026', '$2y$10$digitsdigitsdigitsdigul061sGlhesajf6AsbbHpfDq8XON9SNa', 'digits@example.org', 1, 1700000000, 0, 1),
  (11, 'de', 'hanna', '$2y$12$hannahannahannahannahuPnOdeO42zMZ3tit2prgIkvyMQ1IuKtm', 'hanna@example.org', 1, 1700000000, 0, 1),
  (11, 'fr', 'hanna', '$2y$12$hannahannahannahannahuPnOdeO42zMZ3tit2prgIkvyMQ1IuKtm', 'hanna@example.org', 1, 1700000000, 0, 0),
  (12, 'en', 'ivan', '$2y$10$ivanivanivanivanivaniu7THZki3ewyiKpXuJZVSk3DO/MqEOfNC', 'ivan@example.org', 1, 1700000000, 0, 1);

INSERT INTO users SELECT uid, CONCAT('00000000-0000-4000-8000-', LPAD(uid, 12, '0')), langcode FROM users_field_data
WHERE default_langcode = 1 AND uid > 0;

-- Everybody but user 12 has the role that the site's administrator made for this.
INSERT INTO user__roles (bundle, entity_id, revision_id, langcode, delta, roles_target_id)
SELECT 'user', uid, uid, langcode, 0, 'sftp' FROM users WHERE uid < 12;
INSERT INTO user__roles (bundle, entity_id, revision_id, langcode, delta, roles_target_id) VALUES ('user', 12, 12, 'en', 0, 'editor');
