-- The users of a site of Drupal 6: bare MD5. A password is the first name in lower case and -pw, and `admin6-pw` that of user 1.
CREATE DATABASE drupal6 CHARACTER SET utf8;
USE drupal6;

CREATE TABLE users (
  uid              INT UNSIGNED NOT NULL AUTO_INCREMENT,
  name             VARCHAR(60)  NOT NULL DEFAULT '',
  pass             VARCHAR(32)  NOT NULL DEFAULT '',
  mail             VARCHAR(64)  DEFAULT '',
  mode             TINYINT      NOT NULL DEFAULT 0,
  sort             TINYINT      DEFAULT 0,
  threshold        TINYINT      DEFAULT 0,
  theme            VARCHAR(255) NOT NULL DEFAULT '',
  signature        VARCHAR(255) NOT NULL DEFAULT '',
  signature_format SMALLINT     NOT NULL DEFAULT 0,
  created          INT          NOT NULL DEFAULT 0,
  access           INT          NOT NULL DEFAULT 0,
  login            INT          NOT NULL DEFAULT 0,
  status           TINYINT      NOT NULL DEFAULT 0,
  timezone         VARCHAR(8)   DEFAULT NULL,
  language         VARCHAR(12)  NOT NULL DEFAULT '',
  picture          VARCHAR(255) NOT NULL DEFAULT '',
  init             VARCHAR(64)  DEFAULT '',
  data             LONGTEXT     DEFAULT NULL,
  PRIMARY KEY (uid), UNIQUE KEY name (name), KEY access (access), KEY created (created), KEY mail (mail)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;

CREATE TABLE role (
  rid  INT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(64)  NOT NULL DEFAULT '',
  PRIMARY KEY (rid), UNIQUE KEY name (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;

CREATE TABLE users_roles (
  uid INT UNSIGNED NOT NULL DEFAULT 0,
  rid INT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (uid, rid), KEY rid (rid)
) ENGINE = InnoDB DEFAULT CHARSET = utf8;

INSERT INTO users (uid, name, pass, mail, status) VALUES
  (1, 'admin', 'cd0df08b4bb50c40717846468800f65d', 'admin@example.org', 1),
  (2, 'rosa', '2949968e2c4fe9bc8dff92b085884561', 'rosa@example.org', 1),
  (3, 'Sven Åkerö', '13e23100aa0fef6c4616da656739f2c9', 'sven@example.org', 1),
  (4, 'tilda', 'b7bd917e414424b685adb28124e0adb9', 'tilda@example.org', 0);
INSERT INTO role (rid, name) VALUES (1, 'anonymous user'), (2, 'authenticated user'), (3, 'sftp');
INSERT INTO users_roles (uid, rid) VALUES (1, 3), (2, 3), (3, 3), (4, 3);
