-- The users of Drupal 6 and 7 as Drupal 8 keeps them, for the views of drupal: run it first, in the site's database.
--
--   mariadb drupal < drupal7.sql
--   mariadb drupal < drupal.sql

CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW users_field_data AS
SELECT uid, name, pass, status, 1 AS default_langcode FROM users;
