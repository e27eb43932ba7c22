-- The users of a site of Drupal 7. A password is the first name in lower case and -pw. The hashes are Drupal 7's own ($S$), of a
-- user who came from Drupal 6 and has not signed in since (U$S$), and of one who was imported ($P$).
CREATE DATABASE drupal7 CHARACTER SET utf8;
USE drupal7;

CREATE TABLE users (
  uid              INT UNSIGNED NOT NULL DEFAULT 0,
  name             VARCHAR(60)  NOT NULL DEFAULT '',
  pass             VARCHAR(128) NOT NULL DEFAULT '',
  mail             VARCHAR(254) DEFAULT '',
  theme            VARCHAR(255) NOT NULL DEFAULT '',
  signature        VARCHAR(255) NOT NULL DEFAULT '',
  signature_format VARCHAR(255) DEFAULT NULL,
  created          INT          NOT NULL DEFAULT 0,
  changed          INT          NOT NULL DEFAULT 0,
  access           INT          NOT NULL DEFAULT 0,
  login            INT          NOT NULL DEFAULT 0,
  status           TINYINT      NOT NULL DEFAULT 0,
  timezone         VARCHAR(32)  DEFAULT NULL,
  language         VARCHAR(12)  NOT NULL DEFAULT '',
  picture          INT          NOT NULL DEFAULT 0,
  init             VARCHAR(254) DEFAULT '',
  data             LONGBLOB     DEFAULT NULL,
  PRIMARY KEY (uid), UNIQUE KEY name (name), KEY access (access), KEY created (created), KEY changed (changed),
  KEY mail (mail), KEY picture (picture)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;

CREATE TABLE role (
  rid    INT UNSIGNED NOT NULL AUTO_INCREMENT,
  name   VARCHAR(64)  NOT NULL DEFAULT '',
  weight INT          NOT NULL DEFAULT 0,
  PRIMARY KEY (rid), UNIQUE KEY name (name), KEY name_weight (name, weight)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;

CREATE TABLE users_roles (
  uid INT UNSIGNED NOT NULL DEFAULT 0,
  rid INT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (uid, rid), KEY rid (rid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;

INSERT INTO users (uid, name, pass, mail, status) VALUES
  (0, '', '', '', 0),
  (1, 'admin', '$S$Dadminadm2e9IbBqoAxRk4Qb4t3ombmvwH.olyINulxyMst/ipcs', 'admin@example.org', 1),
  (2, 'nina', '$S$DninaninaMYCWg4.Eq4w4fB4bV9SDNh5r6I94T8HBHYOGHXFCjMn', 'nina@example.org', 1),
  (3, 'Otto Äußerlich', 'U$S$9ottootto8GZhRfflizj0hyvIfbPArMpn/rXe2Qg6Z9Lf4jOJidB', 'otto@example.org', 1),
  (4, 'petra@example.org', '$P$9petrapetSSfWg8V8YYw9E1BhHB0jD.', 'petra@example.org', 1),
  (5, 'quinn', '$S$DquinnquiefbVoKybp8kjpjvWXta8NN9NaSZs.1MGYRcwvTKq7s2', 'quinn@example.org', 0);
INSERT INTO role (rid, name) VALUES (1, 'anonymous user'), (2, 'authenticated user'), (3, 'administrator'), (4, 'sftp');
INSERT INTO users_roles (uid, rid) VALUES (1, 3), (1, 4), (2, 4), (3, 4), (4, 4), (5, 4);
