-- To the sample of tests/data for Aegir 3: the databases of three of its sites, with their users 1. bolt.example is Drupal 7
-- (nina-pw), shop.acme.example Drupal 10 (admin-pw), corp.example Drupal 6 (admin6-pw).
USE aegir;
UPDATE hosting_site SET db_name = 'boltexample' WHERE nid = 33;
UPDATE hosting_site SET db_name = 'shopacmeexample' WHERE nid = 32;
UPDATE hosting_site SET db_name = 'corpexample' WHERE nid = 36;

CREATE DATABASE boltexample CHARACTER SET utf8;
CREATE TABLE boltexample.users LIKE aegir.users;
INSERT INTO boltexample.users (uid, name, pass, status) VALUES
  (1, 'bolt', '$S$DninaninaMYCWg4.Eq4w4fB4bV9SDNh5r6I94T8HBHYOGHXFCjMn', 1),
  (2, 'anna', '$2y$10$Kqa2g8xfkpP5AZ.QgcLQdOsVP3uGlyKa4JxHgPWr4Tdt1W8PiFCjm', 1);

CREATE DATABASE shopacmeexample CHARACTER SET utf8mb4;
CREATE TABLE shopacmeexample.users (uid INT UNSIGNED NOT NULL PRIMARY KEY, langcode VARCHAR(12) NOT NULL);
CREATE TABLE shopacmeexample.users_field_data (
  uid              INT UNSIGNED NOT NULL,
  langcode         VARCHAR(12)  CHARACTER SET ascii NOT NULL,
  name             VARCHAR(60)  NOT NULL,
  pass             VARCHAR(255) DEFAULT NULL,
  status           TINYINT      DEFAULT NULL,
  default_langcode TINYINT      NOT NULL,
  PRIMARY KEY (uid, langcode)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO shopacmeexample.users_field_data VALUES
  (1, 'en', 'shop', '$2y$10$Kqa2g8xfkpP5AZ.QgcLQdOsVP3uGlyKa4JxHgPWr4Tdt1W8PiFCjm', 1, 1),
  (1, 'de', 'shop', 'x', 1, 0);

CREATE DATABASE corpexample CHARACTER SET utf8;
CREATE TABLE corpexample.users (uid INT UNSIGNED NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, pass VARCHAR(32) NOT NULL, status TINYINT NOT NULL);
INSERT INTO corpexample.users VALUES (1, 'corp', 'cd0df08b4bb50c40717846468800f65d', 1);
